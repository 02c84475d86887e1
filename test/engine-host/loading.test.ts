import { expect, test } from "bun:test";
import { join } from "node:path";
import pino from "pino";
import { load } from "../../src/engine-host/loading.ts";
import { checkedDefinition } from "../../src/engine-host/manifest.ts";
import { WorkerEngine } from "../../src/engine-host/worker-engine.ts";
import { testDatabase } from "../harness/database.ts";
import { temporaryFolder } from "../harness/folder.ts";
import { recorder } from "./recorder.ts";

/** Never used: the engines here do not come that far. */
const CONNECTIONS = {
  database_url: "postgres://nobody@127.0.0.1:1/nothing",
  database_role: undefined,
  prepare: true,
  installer_url: undefined,
  redis_url: "redis://127.0.0.1:1",
  log_level: "silent" as const,
  otlp: undefined,
};

test.each([
  ["loops", "for (;;);"],
  ["waits", "await new Promise(() => undefined);"],
])("an engine whose module %s for ever is given up with a reason, and tried again", async (_, code) => {
  const folder = await temporaryFolder("stuck");
  await Bun.write(join(folder, "engine.ts"), code);
  const log = pino({ level: "silent" });
  const engine = new WorkerEngine(
    { kind: "folder", name: "stuck", entry: join(folder, "engine.ts") },
    async () => CONNECTIONS,
    log,
    () => undefined,
    300,
  );
  await engine.start();
  expect(engine.state).toEqual({ state: "restarting", reason: "did not load within 300 ms" });
  expect(engine.restarts).toBe(1);
  await engine.stop();
  expect(engine.state.state).toBe("stopped");
});

test.each([
  ["what cannot be read", { "engine.ts": "const a = ;" }, "odd/engine.ts:1:11: Unexpected ;"],
  [
    "the first of many errors",
    { "engine.ts": "import { b } from './b.ts';\nb;\nf({ a: 1 b: 2 });\ng(;\nh(;\ni(;" },
    /^odd\/engine\.ts:3:10: Expected "}" but found "b"; odd\/engine\.ts:\d.*; and \d+ more$/,
  ],
  [
    "what a module of it throws",
    { "engine.ts": "import './b.ts';", "b.ts": "const none: { a: string }[] = [];\nnone[0].a;" },
    /^odd\/b\.ts:2:\d+: undefined is not an object/,
  ],
  ["an import of nothing", { "engine.ts": "import 'nowhere';" }, /^Cannot find package 'nowhere'/],
  ["something else than an error that is thrown", { "engine.ts": "throw 'no';" }, "no"],
  ["a wait without an end", { "engine.ts": "await new Promise(() => undefined);" }, "it takes longer than 0.3 s"],
])("why an engine does not load is told with the place: %s", async (_, files, reason) => {
  const folder = join(await temporaryFolder("odd"), "odd");
  for (const [name, text] of Object.entries(files)) await Bun.write(join(folder, name), text);
  const loading = load({ kind: "folder", name: "odd", entry: join(folder, "engine.ts") }, 300);
  const told = await loading.catch((error: Error) => error.message);
  const before = "odd/engine.ts does not load: ";
  expect(told).toStartWith(before);
  if (typeof reason === "string") expect(told).toBe(before + reason);
  else expect(String(told).slice(before.length)).toMatch(reason);
});

test("an engine whose start loops for ever is given up with a reason, after it was installed", async () => {
  const { urls } = await testDatabase();
  const folder = join(await temporaryFolder("looping"), "looping");
  await Bun.write(
    join(folder, "engine.ts"),
    `import { defineEngine } from "@basecommerce/engine";
     export default defineEngine({ name: "looping", version: "1.0.0", description: "Loops", from: "now", subscriptions: {},
       start: () => { for (;;); } });`,
  );
  const engine = new WorkerEngine(
    { kind: "folder", name: "looping", entry: join(folder, "engine.ts") },
    async () => ({ ...CONNECTIONS, database_url: urls.engines, installer_url: urls.admin }),
    pino({ level: "silent" }),
    () => undefined,
    5000,
  );
  await engine.start();
  expect(engine.state).toEqual({ state: "restarting", reason: "did not come to the end of its start within 5000 ms" });
  await engine.stop();
}, 60_000);

test("a name whose role would be another engine's is refused", () => {
  expect(() => checkedDefinition(recorder(undefined, { name: "sales-batch" }), "sales-batch")).toThrow(
    "name: may not end in -batch",
  );
});
