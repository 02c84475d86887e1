import { connect } from "node:net";
import { until } from "../test/harness/until.ts";
import { binary } from "./binary.ts";
import type { Effort, Family } from "./family.ts";
import { type Figure, figure } from "./figure.ts";
import { type BenchPlatform, openPlatform, type RoleName } from "./platform.ts";
import { cpuSeconds, memoryMegabytes } from "./process-usage.ts";

const ROLES: readonly RoleName[] = ["vertical", "relay", "engines"];
/** After this long nothing of the start is under way any more. */
const IDLE_MS = 4000;

/** True when GET /health is answered with 200. Without fetch, whose pauses between attempts would be measured. */
async function healthy(port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    const end = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.on("connect", () => socket.write("GET /health HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n"));
    socket.on("data", (bytes) => end(bytes.toString("latin1").startsWith("HTTP/1.1 200")));
    socket.on("error", () => end(false));
  });
}

interface Started {
  ms: number;
  /** Processor time of all its threads by then: says the same on a busy machine. */
  cpu_ms: number;
  resident: number;
  anonymous: number;
}

async function startOnce(platform: BenchPlatform, role: RoleName): Promise<Started> {
  const from = performance.now();
  const { process, url } = platform.start(role);
  await until(() => healthy(Number(new URL(url).port)), {
    what: `the ${role} to answer`,
    every: 1,
    unless: process.exited,
  });
  const ms = performance.now() - from;
  const cpu_ms = cpuSeconds(process.pid) * 1000;
  await process.ready(`${url}/ready`);
  await Bun.sleep(IDLE_MS);
  const memory = memoryMegabytes(process.pid);
  const code = await process.stop();
  if (code !== 0) throw new Error(`the ${role} ended with ${code}: ${process.output}`);
  return { ms, cpu_ms, ...memory };
}

async function measure(effort: Effort, say: (line: string) => void): Promise<Figure[]> {
  const platform = await openPlatform(await binary(say));
  await platform.run("engine", "install");
  const figures: Figure[] = [];
  for (const role of ROLES) {
    // The first one reads the file from the disk and makes what is made once.
    await startOnce(platform, role);
    const runs: Started[] = [];
    for (let i = 0; i < effort.repetitions; i++) runs.push(await startOnce(platform, role));
    figures.push(
      figure({
        name: `${role}: start to first 200 on /health`,
        unit: "ms",
        values: runs.map(({ ms }) => ms),
        reach: { value_at_most: 150 },
      }),
      figure({ name: `${role}: processor time of it`, unit: "ms", values: runs.map(({ cpu_ms }) => cpu_ms) }),
      figure({
        name: `${role}: resident memory, idle`,
        unit: "MB",
        values: runs.map(({ resident }) => resident),
        reach: { value_at_most: 110 },
      }),
      figure({
        name: `${role}: of it no file's`,
        unit: "MB",
        values: runs.map(({ anonymous }) => anonymous),
      }),
    );
  }
  return figures;
}

export const start: Family = { about: "start and idle memory of each role, compiled", measure };
