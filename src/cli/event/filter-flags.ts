import type { Command } from "commander";
import { ConfigError } from "../../config/config.ts";
import type { Transaction } from "../../platform/database/database.ts";
import type { EventFilter } from "../../platform/events/event-search.ts";
import { notFound } from "../../platform/http/problem.ts";

export interface FilterFlags extends Record<string, string | boolean | undefined> {
  type?: string;
  tenant?: string;
  key?: string;
  stream?: string;
  since?: string;
  until?: string;
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const AGO = /^(\d+)([smhd])$/;
const SECONDS: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86_400 };

export function withFilter(command: Command): Command {
  return command
    .option("--type <event_type>", "only this type")
    .option("--tenant <shop>", "only this shop, by slug or id")
    .option("--key <text>", "only what is about this (an order's id, a product's id)")
    .option("--stream <name>", "only this stream")
    .option("--since <time>", "from an instant on (2026-01-31T12:00Z) or an age (30s, 15m, 2h, 7d)")
    .option("--until <time>", "before an instant or an age");
}

/** The filter that flags ask for. Throws `ConfigError` for a time that is none and 404 for an unknown shop. */
export async function filterOf(tx: Transaction, flags: FilterFlags): Promise<EventFilter> {
  return {
    event_type: flags.type,
    tenant_id: await tenantOf(tx, flags.tenant),
    key: flags.key,
    stream: flags.stream,
    since: instantOf("--since", flags.since),
    until: instantOf("--until", flags.until),
  };
}

async function tenantOf(tx: Transaction, text: string | undefined): Promise<string | undefined> {
  if (text === undefined || UUID.test(text)) return text;
  const [row] = await tx.query<{ tenant_id: string }>("select tenant_id from tenant_by_slug($1)", [text]);
  if (!row) throw notFound(`shop ${text}`);
  return row.tenant_id;
}

function instantOf(flag: string, text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const [, count, unit = ""] = AGO.exec(text) ?? [];
  if (count !== undefined) return new Date(Date.now() - Number(count) * (SECONDS[unit] ?? 0) * 1000).toISOString();
  const time = Date.parse(text);
  if (Number.isNaN(time)) throw new ConfigError([`${flag} must be an instant (2026-01-31T12:00Z) or an age (15m)`]);
  return new Date(time).toISOString();
}
