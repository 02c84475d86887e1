import { join } from "node:path";
import type { WriterPlan } from "./plan.ts";

/** Has a process of its own write at a pace; the commits per second it came to, fewer when the machine was too busy. */
export async function write(plan: WriterPlan): Promise<number> {
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
  return (plan.per_second * plan.seconds) / seconds;
}
