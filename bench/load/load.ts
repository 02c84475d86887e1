import { join } from "node:path";
import { cpuSeconds } from "../process-usage.ts";
import type { LoadPlan, LoadResult } from "./plan.ts";

export interface Load extends LoadResult {
  per_second: number;
  /** Microseconds of processor time the server used for one answer: says the same on a busy machine. */
  cpu_us: number;
}

/** Puts load on the server process `pid`; rejects when it refused anything, which would be cheaper than answering. */
export async function load(pid: number, plan: LoadPlan): Promise<Load> {
  const generator = Bun.spawn([process.execPath, join(import.meta.dir, "generator.ts")], {
    stdin: new Blob([JSON.stringify(plan)]),
    stdout: "pipe",
    stderr: "pipe",
  });
  const output = new Response(generator.stdout).text();
  const complaint = new Response(generator.stderr).text();
  await Bun.sleep(plan.warm_ms);
  const before = cpuSeconds(pid);
  const [from, text] = [performance.now(), await output];
  if ((await generator.exited) !== 0) throw new Error(`the load generator failed: ${await complaint}`);
  const used = (cpuSeconds(pid) - before) / ((performance.now() - from) / 1000);
  const result: LoadResult = JSON.parse(text);
  if (result.refused > 0) throw new Error(`${result.refused} of ${result.answers + result.refused} were refused`);
  const per_second = result.answers / result.seconds;
  return { ...result, per_second, cpu_us: (used / per_second) * 1e6 };
}

/** A whole HTTP/1.1 request as text. */
export function requestText(method: string, path: string, headers: Record<string, string>, body?: unknown): string {
  const content = body === undefined ? "" : JSON.stringify(body);
  const all = {
    host: "127.0.0.1",
    ...headers,
    ...(content === ""
      ? {}
      : { "content-type": "application/json", "content-length": `${Buffer.byteLength(content)}` }),
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return `${method} ${path} HTTP/1.1\r\n${lines.join("")}\r\n${content}`;
}
