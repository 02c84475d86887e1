import { describe, expect, test } from "bun:test";
import postgres from "postgres";
import { PostgresDatabase } from "../../src/platform/database/postgres.ts";
import { RELAY } from "../../src/platform/database/roles.ts";
import type { StoredEvent } from "../../src/platform/streams/streams.ts";
import { Gaps } from "../../src/relay/gaps.ts";
import { PostgresRelayStore } from "../../src/relay/postgres-store.ts";
import { whenDone } from "../harness/cleanup.ts";
import { testDatabase } from "../harness/database.ts";
import { startRedis, withClient } from "../harness/redis.ts";
import { withSession } from "../harness/session.ts";
import { until } from "../harness/until.ts";
import { difference, holdEverything } from "./comparison.ts";
import { runRelay } from "./running-relay.ts";
import { SimulatedLedger } from "./simulation/ledger.ts";
import { PARTITIONS } from "./writers.ts";

const INSERT = `
  insert into event_log (event_id, tenant_id, stream, partition, event_type, version, key, payload, occurred_at, hops)
  values (gen_random_uuid(), gen_random_uuid(), 'construction', 0, 'stock_updated', 1, 'k', '{}', now(), 0)`;

class Judging extends PostgresRelayStore {
  judgements = 0;
  override async writers(): Promise<Set<string>> {
    this.judgements++;
    return await super.writers();
  }
}

/** Events of a ledger in which `missing` belong to transactions that are still open. */
function ledgerWithout(missing: readonly number[], upto: number): readonly StoredEvent[] {
  const ledger = new SimulatedLedger();
  for (let seq = 1; seq <= upto; seq++) {
    ledger.begin();
    const transaction = ledger.open.at(-1);
    if (!transaction) throw new Error("one was begun");
    ledger.insert(transaction, 0);
    ledger.end(transaction, !missing.includes(seq));
  }
  return ledger.visible();
}

describe("a seq that is missing", () => {
  test("holds up what comes after it, not what comes before", () => {
    const gaps = new Gaps({ writers: async () => new Set() });
    const settled = gaps.settled(0, ledgerWithout([4], 6), gaps.dead_below);
    expect(settled.map(({ seq }) => seq)).toEqual([1, 2, 3]);
  });

  test("is dead when those have ended that were open after it was seen: later ones do not count", async () => {
    const open = [new Set(["3/7 100", "3/8 200"]), new Set(["3/9 100", "3/8 200"]), new Set(["3/9 100", "3/10 200"])];
    const gaps = new Gaps({ writers: async () => open.shift() ?? new Set() });
    expect(await gaps.wait(6)).toBe(false);
    // One of the two has ended: the ledger may show more, but nothing is dead yet.
    expect(await gaps.wait(6)).toBe(true);
    expect(gaps.dead_below).toBe(0);
    // The same sessions are at other transactions by now.
    expect(await gaps.wait(6)).toBe(true);
    expect(gaps.dead_below).toBe(6);
    const settled = gaps.settled(0, ledgerWithout([4], 6), gaps.dead_below);
    expect(settled.map(({ seq }) => seq)).toEqual([1, 2, 3, 5, 6]);
  });

  test("stays possible while a transaction is prepared, whatever its session does now", async () => {
    const open = [new Set(["3/7 100"]), new Set(["-1/55 0"]), new Set<string>()];
    const gaps = new Gaps({ writers: async () => open.shift() ?? new Set() });
    expect([await gaps.wait(2), await gaps.wait(2), gaps.dead_below]).toEqual([false, false, 0]);
    expect(await gaps.wait(2)).toBe(true);
    expect(gaps.dead_below).toBe(2);
  });
});

test("writers are this ledger's open transactions that write, each under a name of its own", async () => {
  const [here, elsewhere] = await Promise.all([testDatabase(), testDatabase()]);
  const database = new PostgresDatabase({ url: here.urls.relay, application_name: "writers", max: 1, role: RELAY });
  whenDone(() => database.close());
  const store = new PostgresRelayStore(database, "writers", 5);
  const session = postgres(here.urls.admin, { max: 1, fetch_types: false });
  const inside = async (url: string, sql: string, look: () => Promise<void>): Promise<void> => {
    const other = postgres(url, { max: 1, fetch_types: false });
    await other.begin(async (tx) => {
      await tx.unsafe(sql);
      await look();
    });
    await other.end();
  };
  expect((await store.writers()).size).toBe(0);
  const nobody = async () => expect((await store.writers()).size).toBe(0);
  await inside(elsewhere.urls.admin, INSERT, nobody);
  await inside(here.urls.admin, "select count(*) from event_log", nobody);
  await inside(here.urls.admin, "insert into event_stream values ('other', 1)", nobody);
  const names: string[] = [];
  for (const end of ["commit", "rollback"]) {
    await session.unsafe(`begin; ${INSERT}`);
    names.push(...(await store.writers()));
    await session.unsafe(end);
  }
  await session.end();
  expect(new Set(names).size).toBe(2);
}, 60_000);

test("a writer that stalls holds up what comes after its seq until it commits, rolls back or is ended by the server", async () => {
  const [{ urls }, redis] = await Promise.all([testDatabase(), startRedis()]);
  await holdEverything(urls.admin, PARTITIONS);
  const database = new PostgresDatabase({ url: urls.relay, application_name: "relay", max: 4, role: RELAY });
  whenDone(() => database.close());
  const store = new Judging(database, "relay", 2);
  const { relay } = runRelay(urls.relay, redis.url, { store });
  const writer = new PostgresDatabase({ url: urls.admin, application_name: "stalls", max: 1 });
  const commit = () => withSession(urls.admin, (sql) => sql.unsafe(INSERT));
  const sessions = () =>
    withSession(urls.admin, async (sql) => {
      const found = await sql`select from pg_stat_activity where application_name = 'stalls'`;
      return found.length;
    });
  const length = () => withClient(redis.url, (client) => client.xlen("events:construction:0"));
  const ends = {
    commit: async () => undefined,
    rollback: async () => {
      throw new Error("given up");
    },
  };
  let seq = 0;
  for (const end of Object.values(ends)) {
    await commit();
    const held = Promise.withResolvers<void>();
    const inserted = Promise.withResolvers<void>();
    const stalled = writer.transaction({}, async (tx) => {
      await tx.query(INSERT);
      inserted.resolve();
      await held.promise;
      await end();
    });
    stalled.catch(() => undefined);
    await inserted.promise;
    await commit();
    seq += 3;
    await until(() => relay.settled_seq === seq - 2, { what: "what is before the gap", timeout: 20_000 });
    const judged = store.judgements;
    await until(() => store.judgements > judged + 3, { what: "the gap to be looked at", timeout: 20_000 });
    expect(relay.settled_seq).toBe(seq - 2);
    held.resolve();
    await stalled.catch(() => undefined);
    await until(() => relay.settled_seq === seq, { what: "what is after the gap", timeout: 20_000 });
  }
  // Nobody ends this one but the server.
  const frozen = writer.transaction({ idle_timeout_ms: 300 }, async (tx) => {
    await tx.query(INSERT);
    await commit();
    await until(async () => (await sessions()) === 0, { what: "the server to end the transaction" });
  });
  await expect(frozen).rejects.toMatchObject({ code: expect.stringMatching(/CONNECTION|25P03/) });
  await until(() => relay.settled_seq === seq + 2, { what: "what is after the ended one", timeout: 20_000 });
  expect(await length()).toBe(6);
  expect(await difference(urls.admin, redis.url, PARTITIONS)).toBeUndefined();
  await writer.close();
}, 60_000);
