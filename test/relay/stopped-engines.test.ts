import { expect, test } from "bun:test";
import { PostgresDatabase } from "../../src/platform/database/postgres.ts";
import { stoppedEngines } from "../../src/relay/stopped-engines.ts";
import { whenDone } from "../harness/cleanup.ts";
import { testDatabase } from "../harness/database.ts";
import { withSession } from "../harness/session.ts";

test("an engine that no host has any more is told by the relay, by the partition that moved last", async () => {
  const { urls } = await testDatabase();
  await withSession(urls.admin, async (sql) => {
    await sql`insert into engine select name, '1', '', '{}' from unnest(array['gone', 'idle']) name`;
    await sql`
      insert into engine_position (engine, stream, partition, position, lease_until, updated_at) values
        ('gone', 'construction', 0, 5, null, now() - interval '3 days'),
        ('gone', 'construction', 1, 5, now() - interval '2 days', now() - interval '4 days'),
        ('idle', 'construction', 0, 5, now() + interval '10 s', now() - interval '4 days'),
        ('idle', 'construction', 1, 5, null, now() - interval '4 days')`;
  });
  const database = new PostgresDatabase({ url: urls.relay, application_name: "relay under test", max: 1 });
  whenDone(() => database.close());
  const found = new Map((await stoppedEngines(database)).map(({ engine, seconds }) => [engine, seconds]));
  expect(found.get("idle")).toBe(0);
  expect(Math.round((found.get("gone") ?? 0) / 3600)).toBe(48);
}, 60_000);
