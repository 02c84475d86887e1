import type { Transaction } from "../platform/database/database.ts";
import { conflict, notFound } from "../platform/http/problem.ts";
import { engineRole } from "./names.ts";
import { SILENT_SECONDS } from "./registry.ts";

/**
 * Forgets an engine: its positions (the ledger waits for it no more), its parked events, settings and jobs, and its tables,
 * because an engine that began anew over full ones would count everything twice. What it emitted stays in the ledger, and
 * so do its roles, which own nothing now and may serve another database of the server. 404 when it is not installed, 409
 * `engine_present` while a host has it. `tx` works as the owner.
 */
export async function removeEngine(tx: Transaction, name: string): Promise<void> {
  const [found] = await tx.query("select 1 from engine where name = $1 for update", [name]);
  if (!found) throw notFound(`engine ${name}`);
  const hosts = await tx.query<{ host: string }>(
    `select host from engine_host
     where engine = $1 and heartbeat_at > clock_timestamp() - make_interval(secs => ${SILENT_SECONDS}) order by host`,
    [name],
  );
  if (hosts.length > 0) {
    const where = hosts.map(({ host }) => host).join(", ");
    throw conflict("engine_present", `${name} is still on ${where}: take it from there and start the host again first`);
  }
  await tx.script(`drop schema if exists ${engineRole(name)} cascade`);
  await tx.query("delete from engine_host where engine = $1", [name]);
  await tx.query("delete from lease where name = 'balance ' || $1", [name]);
  await tx.query("delete from engine where name = $1", [name]);
}
