import type { Command } from "commander";
import { version } from "../../package.json" with { type: "json" };
import { ConfigError, settingTexts } from "../config/config.ts";
import { SETTINGS } from "../config/settings.ts";
import type { Database, Transaction } from "../platform/database/database.ts";
import { OWNER } from "../platform/database/roles.ts";
import { partitionOf } from "../platform/events/partition.ts";
import { madeStreams } from "../platform/events/stream-registry.ts";
import { conflict, notFound } from "../platform/http/problem.ts";
import { RedisStreams } from "../platform/streams/redis.ts";
import { deleteTenant, exportTenant } from "../platform/tenancy/tenant-data.ts";
import { withDatabase } from "./owner-database.ts";
import { OWNER_SETTINGS } from "./owner-url.ts";
import { givenFlags, withSettings } from "./setting-flags.ts";
import type { Surroundings } from "./surroundings.ts";

/** All rows of a large table. */
const STATEMENT_TIMEOUT_MS = 30 * 60_000;
const AS_OWNER = { role: OWNER, statement_timeout_ms: STATEMENT_TIMEOUT_MS };
/** It stands idle while whoever reads the output takes their time. */
const OF_ONE_MOMENT = { ...AS_OWNER, snapshot: true, idle_timeout_ms: STATEMENT_TIMEOUT_MS } as const;
/** Verticals and engine hosts know a shop and its sessions for 5 s from memory, and let requests in meanwhile. */
const SETTLED_SECONDS = 10;
/** Engines know a shop for 1 s from memory. */
const FORGOTTEN_MS = 2000;
/** More than a handler or a request may take. */
const UNDER_WAY_MS = 120_000;
const LOOK_EVERY_MS = 100;

export function registerExport(tenant: Command, { environment, out }: Surroundings): void {
  withSettings(tenant.command("export <slug>"), OWNER_SETTINGS)
    .description("print every row of a shop as lines of JSON, without what people sign in with")
    .action(async (slug: string, flags: Record<string, unknown>) => {
      const work = async (database: Database) =>
        await database.transaction(OF_ONE_MOMENT, async (tx) => {
          const { tenant_id } = await tenantOf(tx, slug);
          out(JSON.stringify({ export: "basecommerce", version, slug, tenant_id, made_at: new Date().toISOString() }));
          await exportTenant(tx, tenant_id, (table, row) => out(`{"table":${JSON.stringify(table)},"row":${row}}`));
        });
      await withDatabase(flags, environment, work, STATEMENT_TIMEOUT_MS);
    });
}

export function registerDelete(tenant: Command, { environment, out }: Surroundings): void {
  withSettings(tenant.command("delete <slug>"), [...OWNER_SETTINGS, SETTINGS.redis_url])
    .description("delete a suspended shop for good; its events stay in the ledger without their payloads")
    .option("--yes", "do it: there is no way back but a backup")
    .action(async (slug: string, flags: Record<string, string | boolean | undefined>) => {
      if (!flags.yes) throw new ConfigError([`--yes is missing: everything of ${slug} would be gone for good`]);
      const { redis_url } = settingTexts(givenFlags(flags), environment);
      const problem = redis_url ? SETTINGS.redis_url.check(redis_url) : undefined;
      if (problem !== undefined) throw new ConfigError([`REDIS_URL (--redis-url) ${problem}`]);
      const streams = redis_url ? new RedisStreams(redis_url, "basecommerce-delete", () => undefined) : undefined;
      try {
        // Before anything is gone: afterwards there is no shop to name any more.
        await streams?.check();
        await withDatabase(
          flags,
          environment,
          (database) => remove(database, streams, slug, out),
          STATEMENT_TIMEOUT_MS,
        );
      } finally {
        await streams?.close();
      }
    });
}

async function remove(
  database: Database,
  streams: RedisStreams | undefined,
  slug: string,
  out: (line: string) => void,
): Promise<void> {
  const { suspended_seconds } = await database.transaction(AS_OWNER, (tx) => suspendedOf(tx, slug));
  if (suspended_seconds < SETTLED_SECONDS) await Bun.sleep((SETTLED_SECONDS - suspended_seconds) * 1000);
  const { tenant_id, rows, events } = await database.transaction(AS_OWNER, async (tx) => {
    const { tenant_id } = await suspendedOf(tx, slug);
    return { tenant_id, ...(await deleteTenant(tx, tenant_id)) };
  });
  // What engines had in hand meanwhile may have made rows anew; nothing begins any more for a shop that is not there.
  await Bun.sleep(FORGOTTEN_MS);
  await allEnded(database);
  const late = await database.transaction(AS_OWNER, (tx) => deleteTenant(tx, tenant_id));
  out(`${slug} is gone: ${rows + late.rows} rows deleted, ${events + late.events} events emptied`);
  if (streams) await dropStreams(database, streams, tenant_id);
  else out("no REDIS_URL: its events' payloads stay in the streams until those are trimmed");
}

async function tenantOf(tx: Transaction, slug: string): Promise<{ tenant_id: string }> {
  const [row] = await tx.query<{ tenant_id: string }>("select tenant_id from tenants where slug = $1", [slug]);
  if (!row) throw notFound(`shop ${slug}`);
  return row;
}

/** Waits for those who write rows of the shop, and keeps others from it until the transaction ends. */
async function suspendedOf(tx: Transaction, slug: string): Promise<{ tenant_id: string; suspended_seconds: number }> {
  const [row] = await tx.query<{ tenant_id: string; active: boolean; suspended_seconds: number }>(
    `select tenant_id, active, extract(epoch from clock_timestamp() - updated_at)::float8 as suspended_seconds
     from tenants where slug = $1 for update`,
    [slug],
  );
  if (!row) throw notFound(`shop ${slug}`);
  if (row.active) throw conflict("shop_active", `${slug} is active: run \`basecommerce tenant suspend ${slug}\``);
  return row;
}

/** Returns when every transaction that writes now has ended, or after more time than one may take. */
async function allEnded(database: Database): Promise<void> {
  const [now] = await database.query<{ transaction: string }>("select pg_current_xact_id()::text as transaction");
  const until = performance.now() + UNDER_WAY_MS;
  for (;;) {
    const [row] = await database.query<{ ended: boolean }>(
      "select pg_snapshot_xmin(pg_current_snapshot()) >= $1::text::xid8 as ended",
      [now?.transaction ?? "0"],
    );
    if (row?.ended || performance.now() > until) return;
    await Bun.sleep(LOOK_EVERY_MS);
  }
}

/** The relay fills a stream that is gone from the ledger again, which holds the events without their payloads. */
async function dropStreams(database: Database, streams: RedisStreams, tenant_id: string): Promise<void> {
  for (const [stream, partitions] of await madeStreams(database)) {
    await streams.remove({ stream, partition: partitionOf(tenant_id, partitions) });
  }
}
