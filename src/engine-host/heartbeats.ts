import { hostname } from "node:os";
import type { Database } from "../platform/database/database.ts";
import type { EngineProcess } from "./engine-process.ts";

/** A host that is silent for this long leaves the list. */
const FORGET_SECONDS = 3600;

/** This host's name among hosts: machine and process. */
export const HOST_NAME = `${hostname()}/${process.pid}`;

const BEAT = `
  with said as (
    select * from json_to_recordset($2::text::json) as (engine text, version text, source text, state text, reason text, events bigint, settings json)
  ), gone as (
    delete from engine_host where (host = $1 and engine not in (select engine from said))
      or heartbeat_at < clock_timestamp() - make_interval(secs => ${FORGET_SECONDS})
  )
  insert into engine_host as h (host, engine, version, source, state, reason, events, settings)
  select $1, engine, version, source, state, reason, events, settings from said
  on conflict (host, engine) do update set version = excluded.version, source = excluded.source, state = excluded.state,
    reason = excluded.reason, events = excluded.events, settings = excluded.settings, heartbeat_at = clock_timestamp()`;

/** Tells the registry how each engine is on this host, by the database's clock. */
export class Heartbeats {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async beat(engines: readonly EngineProcess[], events: ReadonlyMap<string, number>): Promise<void> {
    const rows = engines.map(({ name, state, manifest, source, settings }) => ({
      engine: name,
      version: manifest?.version ?? null,
      source: source.kind,
      state: state.state,
      reason: "reason" in state ? state.reason : null,
      events: events.get(name) ?? 0,
      settings,
    }));
    await this.#database.query(BEAT, [HOST_NAME, JSON.stringify(rows)]);
  }

  /** This host is gone, by its own will. */
  async end(): Promise<void> {
    await this.#database.query("delete from engine_host where host = $1", [HOST_NAME]);
  }
}
