import { type Command, InvalidArgumentError, Option } from "commander";
import { type DeadFilter, deadEvents, deadGroups, dropDead, retryDead } from "../../engine-host/dead-letters.ts";
import type { Transaction } from "../../platform/database/database.ts";
import { OWNER } from "../../platform/database/roles.ts";
import { unprocessable } from "../../platform/http/problem.ts";
import { columns } from "../columns.ts";
import { withDatabase } from "../owner-database.ts";
import { OWNER_SETTINGS } from "../owner-url.ts";
import { withSettings } from "../setting-flags.ts";
import type { Surroundings } from "../surroundings.ts";

interface DeadFlags extends Record<string, unknown> {
  type?: string;
  tenant?: string;
  error?: string;
  seq?: number;
  since?: string;
  state?: "parked" | "dead";
  all?: boolean;
  json?: boolean;
}

const SHOWN = 100;

/** `basecommerce engine dead …`: events whose handler failed. Needs the owner's login. */
export function registerDead(engine: Command, { environment, out }: Surroundings): void {
  const dead = engine.command("dead").description("events that failed: list, show, retry, drop");
  const run = async (flags: DeadFlags, work: (tx: Transaction) => Promise<void>) => {
    await withDatabase(flags, environment, async (database) => {
      await database.transaction({ role: OWNER }, work);
    });
  };
  filtered(dead.command("list [engine]"))
    .description("failed events, grouped by engine and error")
    .option("--json", "print them as a JSON list")
    .action(async (name: string | undefined, flags: DeadFlags) => {
      await run(flags, async (tx) => {
        const groups = await deadGroups(tx, filterOf(name, flags));
        if (flags.json) return out(JSON.stringify(groups));
        const rows = groups.map(({ engine, state, fingerprint, events, error_code, error_message }) => [
          engine,
          state,
          String(events),
          fingerprint ?? "(waits behind another)",
          `${error_code ?? ""} ${error_message ?? ""}`.trim(),
        ]);
        out(columns(["ENGINE", "STATE", "EVENTS", "ERROR", "REASON"], rows));
      });
    });
  filtered(dead.command("show <engine>"))
    .description(`up to ${SHOWN} failed events with their payloads, as JSON`)
    .action(async (name: string, flags: DeadFlags) => {
      await run(flags, async (tx) => out(JSON.stringify(await deadEvents(tx, filterOf(name, flags), SHOWN), null, 2)));
    });
  filtered(dead.command("retry <engine>"))
    .description("try failed events again; a dead one whose key went on without it then runs out of order")
    .option("--all", "all of them")
    .action(async (name: string, flags: DeadFlags) => {
      await run(flags, async (tx) => {
        const count = await retryDead(tx, narrowed(name, flags));
        out(`${count} event(s) are tried again; those that were dead run after later events of their key`);
      });
    });
  filtered(dead.command("drop <engine>"))
    .description("give failed events up for good")
    .option("--all", "all of them")
    .action(async (name: string, flags: DeadFlags) => {
      await run(flags, async (tx) => out(`${await dropDead(tx, narrowed(name, flags))} event(s) dropped`));
    });
}

function filtered(command: Command): Command {
  return withSettings(command, OWNER_SETTINGS)
    .option("--type <event_type>", "only events of this type")
    .option("--tenant <tenant_id>", "only events of this tenant")
    .option("--error <fingerprint>", "only events that failed in this way")
    .option("--since <instant>", "only events parked since then")
    .addOption(new Option("--state <state>", "only these").choices(["parked", "dead"]))
    .option("--seq <seq>", "only this event", (text) => {
      if (!/^\d+$/.test(text)) throw new InvalidArgumentError("must be an integer");
      return Number(text);
    });
}

function filterOf(engine: string | undefined, { type, tenant, error, seq, since, state }: DeadFlags): DeadFilter {
  return { engine, event_type: type, tenant_id: tenant, fingerprint: error, seq, since, state };
}

/** What changes things must be told what is meant. */
function narrowed(engine: string, flags: DeadFlags): DeadFilter {
  const { type, tenant, error, seq, since, all } = flags;
  if (!all && [type, tenant, error, seq, since].every((given) => given === undefined)) {
    const message = "say which events: by --type, --tenant, --error, --since or --seq, or --all of them";
    throw unprocessable([{ path: "", message }]);
  }
  return filterOf(engine, flags);
}
