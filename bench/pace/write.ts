import { join } from "node:path";
import type { WriterPlan } from "./plan.ts";

/** Has a process of its own write at a pace; rejects when the machine could not keep it. */
export async function write(plan: WriterPlan): Promise<void> {
  const writer = Bun.spawn([process.execPath, join(import.meta.dir, "writer.ts")], {
    stdin: new Blob([JSON.stringify(plan)]),
    stdout: "pipe",
    stderr: "pipe",
  });
  const [output, complaint] = await Promise.all([
    new Response(writer.stdout).text(),
    new Response(writer.stderr).text(),
  ]);
  if ((await writer.exited) !== 0) throw new Error(`the writer failed: ${complaint}`);
  const { seconds }: { seconds: number } = JSON.parse(output);
  if (seconds > plan.seconds * 1.2) {
    throw new Error(
      `wanted ${plan.per_second} commits/s; what took ${seconds.toFixed(1)} s should have taken ${plan.seconds}`,
    );
  }
}
