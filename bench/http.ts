import { join } from "node:path";
import { freePort } from "../test/harness/ports.ts";
import { startProgram } from "../test/harness/program.ts";
import { binary } from "./binary.ts";
import type { Effort, Family } from "./family.ts";
import { type Figure, figure } from "./figure.ts";
import { type Load, load, requestText } from "./load/load.ts";
import { openPlatform } from "./platform.ts";

const CONNECTIONS = 32;
/** One core makes the requests, the other answers: the generator must be the cheaper of the two. */
const PIPELINE = 8;

interface Server {
  pid: number;
  port: number;
}

async function put(server: Server, effort: Effort): Promise<Load> {
  return await load(server.pid, {
    port: server.port,
    requests: [requestText("GET", "/health", {})],
    connections: CONNECTIONS,
    pipeline: PIPELINE,
    warm_ms: 500,
    measure_ms: 3000 * effort.scale,
  });
}

async function bareServer(): Promise<Server> {
  const port = freePort();
  const bare = startProgram({ command: ["bun", join(import.meta.dir, "load/bare-server.ts")], args: [`${port}`] });
  await bare.ready(`http://127.0.0.1:${port}/health`);
  return { pid: bare.pid, port };
}

async function measure(effort: Effort, say: (line: string) => void): Promise<Figure[]> {
  const platform = await openPlatform(await binary(say));
  const [{ process, url }, bare] = [await platform.ready("vertical"), await bareServer()];
  const vertical = { pid: process.pid, port: Number(new URL(url).port) };
  const loads: { vertical: Load[]; bare: Load[] } = { vertical: [], bare: [] };
  // Both in turn: what else the machine does falls on both.
  for (let i = 0; i < effort.repetitions; i++) {
    loads.vertical.push(await put(vertical, effort));
    loads.bare.push(await put(bare, effort));
  }
  const of = (server: keyof typeof loads, key: keyof Load) => loads[server].map((result) => result[key]);
  return [
    figure({
      name: "GET /health of the vertical",
      unit: "/s",
      values: of("vertical", "per_second"),
      reference: { name: "bare Bun.serve", values: of("bare", "per_second") },
      reach: { ratio_at_least: 0.85 },
    }),
    figure({
      name: "processor time of one answer",
      unit: "µs",
      values: of("vertical", "cpu_us"),
      reference: { name: "bare Bun.serve", values: of("bare", "cpu_us") },
    }),
  ];
}

export const http: Family = { about: "GET /health of the compiled vertical beside a bare Bun.serve", measure };
