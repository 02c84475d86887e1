import { expect, test } from "bun:test";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { runProgram } from "../../src/cli/program.ts";
import { testDatabase } from "../harness/database.ts";
import { temporaryFolder } from "../harness/folder.ts";
import { withSession } from "../harness/session.ts";

const ENGINE = `import { defineEngine } from "@basecommerce/engine";
  export default defineEngine({ name: "leaving-soon", version: "1.0.0", description: "A test's", from: "beginning",
    subscriptions: {}, migrations: [{ id: "0001_seen", up: "create table seen (tenant_id uuid not null)" }] });`;

test("an engine is removed with positions, failed events and tables, but not while a host has it", async () => {
  const { urls } = await testDatabase();
  const folder = join(await temporaryFolder("engines"), "leaving-soon");
  await mkdir(folder);
  await Bun.write(join(folder, "engine.ts"), ENGINE);
  const engine = async (...args: string[]) => {
    const lines: string[] = [];
    const out = (line: string) => void lines.push(line);
    const environment = { DATABASE_URL: urls.owner };
    const code = await runProgram(["engine", ...args], { environment, input: async () => "", out, error: out });
    return { code, output: lines.join("\n") };
  };
  expect(await engine("install", folder)).toMatchObject({ code: 0 });
  await withSession(urls.admin, async (sql) => {
    await sql`insert into engine_position (engine, stream, partition, position)
              values ('leaving-soon', 'construction', 0, 7), ('stock', 'construction', 0, 7)`;
    await sql`insert into parked_event (engine, stream, partition, seq, event_id, tenant_id, event_type, version, key,
                payload, occurred_at, hops, state, attempts)
              values ('leaving-soon', 'construction', 0, 5, gen_random_uuid(), gen_random_uuid(), 'x', 1, 'k', '{}', now(),
                0, 'dead', 9)`;
    await sql`insert into engine_host (host, engine, source, state) values ('c/1', 'leaving-soon', 'folder', 'running')`;
  });
  const left = () =>
    withSession(urls.admin, async (sql) => {
      const [row] = await sql`
        select array(select distinct engine from engine_position) as engines,
               (select count(*)::int from parked_event) as parked, to_regnamespace('engine_leaving_soon')::text as home`;
      return row;
    });
  const present = await engine("remove", "leaving-soon", "--drop-data");
  expect(present).toEqual({ code: 1, output: expect.stringContaining("is still on c/1") });
  expect(await left()).toMatchObject({ parked: 1, home: "engine_leaving_soon" });

  await withSession(urls.admin, (sql) => sql`update engine_host set heartbeat_at = now() - interval '1 minute'`);
  expect((await engine("remove", "leaving-soon")).code).toBe(2);
  expect(await engine("remove", "leaving-soon", "--drop-data")).toMatchObject({ code: 0 });
  expect(await left()).toEqual({ engines: "{stock}", parked: 0, home: null });
  expect(await engine("remove", "leaving-soon", "--drop-data")).toMatchObject({ code: 1 });
  // It may come back, from the beginning.
  expect(await engine("install", folder)).toMatchObject({ code: 0, output: expect.stringContaining("applied 0001") });
}, 60_000);
