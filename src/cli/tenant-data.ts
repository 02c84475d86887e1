import type { Command } from "commander";
import { version } from "../../package.json" with { type: "json" };
import { ConfigError, type Environment, settingTexts } from "../config/config.ts";
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

/** All rows of a large shop, one table after the other. */
const STATEMENT_TIMEOUT_MS = 30 * 60_000;
const AS_OWNER = { role: OWNER, statement_timeout_ms: STATEMENT_TIMEOUT_MS };

export function registerExport(tenant: Command, { environment, out }: Surroundings): void {
  withSettings(tenant.command("export <slug>"), OWNER_SETTINGS)
    .description("print every row of a shop as lines of JSON, without what people sign in with")
    .action(async (slug: string, flags: Record<string, unknown>) => {
      await withDatabase(flags, environment, async (database) => {
        // All tables as they were at one moment, while the shop goes on.
        await database.query("set default_transaction_isolation = 'repeatable read'");
        await database.transaction(AS_OWNER, async (tx) => {
          const { tenant_id } = await tenantOf(tx, slug);
          out(JSON.stringify({ export: "basecommerce", version, slug, tenant_id, made_at: new Date().toISOString() }));
          await exportTenant(tx, tenant_id, (table, row) => out(`{"table":${JSON.stringify(table)},"row":${row}}`));
        });
      });
    });
}

export function registerDelete(tenant: Command, { environment, out }: Surroundings): void {
  withSettings(tenant.command("delete <slug>"), [...OWNER_SETTINGS, SETTINGS.redis_url])
    .description("delete a suspended shop for good; its events stay in the ledger without their payloads")
    .option("--yes", "do it: there is no way back but a backup")
    .action(async (slug: string, flags: Record<string, string | boolean | undefined>) => {
      if (!flags.yes) throw new ConfigError([`--yes is missing: everything of ${slug} would be gone for good`]);
      const { redis_url } = settingTexts(givenFlags(flags), environment as Environment);
      const problem = redis_url ? SETTINGS.redis_url.check(redis_url) : undefined;
      if (problem !== undefined) throw new ConfigError([`REDIS_URL (--redis-url) ${problem}`]);
      await withDatabase(flags, environment, async (database) => {
        const { tenant_id, rows, events } = await database.transaction(AS_OWNER, async (tx) => {
          const shop = await tenantOf(tx, slug);
          if (shop.active)
            throw conflict("shop_active", `${slug} is active: run \`basecommerce tenant suspend ${slug}\``);
          await requireNoEngineAtWork(tx, shop.tenant_id);
          return { ...shop, ...(await deleteTenant(tx, shop.tenant_id)) };
        });
        out(`${slug} is gone: ${rows} rows deleted, ${events} events emptied`);
        if (redis_url) await dropStreams(database, redis_url, tenant_id);
        else out("no REDIS_URL: its events' payloads stay in the streams until those are trimmed");
      });
    });
}

async function tenantOf(tx: Transaction, slug: string): Promise<{ tenant_id: string; active: boolean }> {
  const [row] = await tx.query<{ tenant_id: string; active: boolean }>(
    "select tenant_id, active from tenants where slug = $1 for update",
    [slug],
  );
  if (!row) throw notFound(`shop ${slug}`);
  return row;
}

/** A running engine that still handles the shop's events would make rows of it anew. */
async function requireNoEngineAtWork(tx: Transaction, tenant_id: string): Promise<void> {
  const behind = await tx.query<{ engine: string }>(
    `select distinct p.engine from engine_position p
     join event_stream s using (stream)
     where p.lease_until > clock_timestamp() and exists (
       select 1 from event_log e where e.stream = p.stream and e.partition = p.partition and e.seq > p.position
       and e.tenant_id = $1)
     order by 1`,
    [tenant_id],
  );
  if (behind.length === 0) return;
  const names = behind.map(({ engine }) => engine).join(", ");
  throw conflict("engines_behind", `${names} still have events of this shop to handle: wait until they have`);
}

/** The relay fills a stream that is gone from the ledger again, which holds the events without their payloads. */
async function dropStreams(database: Database, redis_url: string, tenant_id: string): Promise<void> {
  const streams = new RedisStreams(redis_url, "basecommerce-delete", () => undefined);
  try {
    for (const [stream, partitions] of await madeStreams(database)) {
      await streams.remove({ stream, partition: partitionOf(tenant_id, partitions) });
    }
  } finally {
    await streams.close();
  }
}
