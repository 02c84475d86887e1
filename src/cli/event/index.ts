import type { Command } from "commander";
import { ConfigError } from "../../config/config.ts";
import { findEvent, newestEvents } from "../../platform/events/event-search.ts";
import { notFound } from "../../platform/http/problem.ts";
import type { StoredEvent } from "../../platform/streams/streams.ts";
import { stopRequested } from "../../runtime/signals.ts";
import { columns } from "../columns.ts";
import { withLedger } from "../ledger-access.ts";
import { OWNER_SETTINGS } from "../owner-url.ts";
import { withSettings } from "../setting-flags.ts";
import type { Surroundings } from "../surroundings.ts";
import { type FilterFlags, filterOf, withFilter } from "./filter-flags.ts";
import { follow } from "./follow.ts";
import { registerPrune } from "./prune.ts";

const NAME = /^(\d{1,15}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$/;

/** `basecommerce event …`: the ledger, read from Postgres. */
export function registerEvent(program: Command, surroundings: Surroundings): void {
  const { environment, out } = surroundings;
  const event = program.command("event").description("the ledger's events: list, show, tail, prune");
  withFilter(withSettings(event.command("list"), OWNER_SETTINGS))
    .description("the newest events, by type, shop, key and time")
    .option("--limit <count>", "how many at most", "50")
    .option("--json", "one JSON object for each event, payload included")
    .action(async (flags: FilterFlags) => {
      await withLedger(flags, environment, async (read) => {
        const events = await read(async (tx) => await newestEvents(tx, await filterOf(tx, flags), 0, limitOf(flags)));
        if (flags.json) for (const found of events) out(jsonOf(found));
        else out(columns(["SEQ", "OCCURRED", "STREAM", "TYPE", "TENANT", "KEY"], events.map(rowOf)));
      });
    });
  withSettings(event.command("show <event>"), OWNER_SETTINGS)
    .description("one event whole, by seq or event_id, as JSON")
    .action(async (name: string, flags: Record<string, unknown>) => {
      if (!NAME.test(name)) throw new ConfigError([`${name} is neither a seq nor an event_id`]);
      await withLedger(flags, environment, async (read) => {
        const found = await read((tx) => findEvent(tx, name));
        if (!found) throw notFound(`event ${name}`);
        out(JSON.stringify({ ...found, payload: JSON.parse(found.payload) }, null, 2));
      });
    });
  registerPrune(event, surroundings);
  withFilter(withSettings(event.command("tail"), OWNER_SETTINGS))
    .description("events as they are committed, until interrupted")
    .option("--json", "one JSON object for each event, payload included")
    .action(async (flags: FilterFlags) => {
      const stopped = stopRequested();
      await withLedger(flags, environment, async (read) => {
        const filter = await read((tx) => filterOf(tx, flags));
        const print = (found: StoredEvent) => out(flags.json ? jsonOf(found) : rowOf(found).join("  "));
        await follow(read, filter, print, stopped);
      });
    });
}

function limitOf(flags: FilterFlags): number {
  const limit = Number(flags.limit);
  if (Number.isInteger(limit) && limit >= 1 && limit <= 100_000) return limit;
  throw new ConfigError(["--limit must be an integer from 1 to 100000"]);
}

function rowOf({ seq, occurred_at, stream, event_type, tenant_id, key }: StoredEvent): string[] {
  return [String(seq), occurred_at, stream, event_type, tenant_id, key];
}

function jsonOf(event: StoredEvent): string {
  return JSON.stringify({ ...event, payload: JSON.parse(event.payload) });
}
