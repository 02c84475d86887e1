import type { Command } from "commander";
import { ConfigError, settingTexts } from "../config/config.ts";
import { SETTINGS } from "../config/settings.ts";
import { OWNER } from "../platform/database/roles.ts";
import { notFound } from "../platform/http/problem.ts";
import { RedisStreams } from "../platform/streams/redis.ts";
import type { Disagreement, Findings, Read } from "../verification/findings.ts";
import { type Verification, verify } from "../verification/verify.ts";
import { withDatabase } from "./owner-database.ts";
import { OWNER_SETTINGS } from "./owner-url.ts";
import { givenFlags, withSettings } from "./setting-flags.ts";
import type { Surroundings } from "./surroundings.ts";

/** A page of a long ledger on a busy server. */
const STATEMENT_TIMEOUT_MS = 120_000;

/** `basecommerce verify`: whether ledger, chain, streams and engines tell the same story. */
export function registerVerify(
  program: Command,
  { environment, out }: Surroundings,
  finish: (code: number) => void,
): void {
  withSettings(program.command("verify"), [...OWNER_SETTINGS, SETTINGS.redis_url])
    .description("compare ledger, digest chain, streams and engines' positions; exit code 1 when they do not agree")
    .option("--tenant <slug>", "only the partitions of this shop")
    .option("--json", "print what was found as JSON")
    .action(async (flags: Record<string, string | boolean | undefined>) => {
      const { redis_url } = settingTexts(givenFlags(flags), environment);
      const problem = redis_url ? SETTINGS.redis_url.check(redis_url) : undefined;
      if (problem !== undefined) throw new ConfigError([`REDIS_URL (--redis-url) ${problem}`]);
      const streams = redis_url ? new RedisStreams(redis_url, "basecommerce-verify", () => undefined) : undefined;
      try {
        await withDatabase(
          flags,
          environment,
          async (database) => {
            const read: Read = (work) =>
              database.transaction({ role: OWNER, statement_timeout_ms: STATEMENT_TIMEOUT_MS }, work);
            const tenant_id = typeof flags.tenant === "string" ? await tenantOf(read, flags.tenant) : undefined;
            const found = await verify({ read, streams, tenant_id });
            out(flags.json ? JSON.stringify(found) : report(found));
            finish(found.first === null ? 0 : 1);
          },
          STATEMENT_TIMEOUT_MS,
        );
      } finally {
        await streams?.close();
      }
    });
}

async function tenantOf(read: Read, slug: string): Promise<string> {
  const [row] = await read((tx) =>
    tx.query<{ tenant_id: string }>("select tenant_id from tenants where slug = $1", [slug]),
  );
  if (!row) throw notFound(`shop ${slug}`);
  return row.tenant_id;
}

function report({ partitions, ledger, streams, engines, first }: Verification): string {
  const lines = [
    `${partitions} partitions, chained up to seq ${ledger.chained_seq}`,
    verdict("ledger", `${ledger.compared} events, ${ledger.anonymized} anonymized`, ledger),
    streams === null
      ? "streams  not compared: no REDIS_URL"
      : verdict("streams", `${streams.compared} entries`, streams),
    verdict("engines", `${engines.compared} positions`, engines),
  ];
  if (first) lines.push(`The first event that does not agree: ${sentence(first)}`);
  return lines.join("\n");
}

function verdict(part: string, looked_at: string, { disagreements }: Findings): string {
  if (disagreements.length === 0) return `${part.padEnd(8)} ${looked_at}: agree`;
  return [`${part.padEnd(8)} ${looked_at}: DISAGREE`, ...disagreements.map((one) => `  ${sentence(one)}`)].join("\n");
}

function sentence({ stream, partition, seq, event_id, reason }: Disagreement): string {
  return `${stream}:${partition} event ${seq}${event_id === null ? "" : ` (${event_id})`} ${reason}`;
}
