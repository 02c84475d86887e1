import { hostname } from "node:os";
import { RELAY } from "../platform/database/roles.ts";
import { LedgerReader } from "../platform/events/ledger-reader.ts";
import { tracedStreams } from "../platform/streams/traced-streams.ts";
import { Chain } from "../relay/chain.ts";
import { Mirror } from "../relay/mirror.ts";
import { Observation } from "../relay/observation.ts";
import { PostgresRelayStore } from "../relay/postgres-store.ts";
import { Relay } from "../relay/relay.ts";
import { relayMetrics } from "../relay/relay-metrics.ts";
import type { Role } from "../runtime/role.ts";
import type { Parts } from "./parts.ts";

/** Reading, publishing, the lease, the chain and `/ready` at the same time. */
const CONNECTIONS = 5;

/** Its statements take milliseconds: a server that lost its power is noticed long before the system's own minutes. */
const ANSWER_TIMEOUT_MS = 15_000;

/** A relay that died is replaced after this long. */
const LEASE_SECONDS = 5;

/** The relay: the ledger into the streams. */
export async function relayRole(parts: Parts): Promise<Role> {
  const { readiness, tracing } = parts;
  const streams = tracing.on ? tracedStreams(parts.streams, tracing) : parts.streams;
  const log = parts.log.child({ role: "relay" });
  const metrics = relayMetrics(parts.metrics);
  const { database } = await parts.open(RELAY, CONNECTIONS, ANSWER_TIMEOUT_MS);
  const ledger = new LedgerReader(database);
  const owner = `${hostname()} ${process.pid} ${Bun.randomUUIDv7()}`;
  const relay = new Relay({
    store: new PostgresRelayStore(database, owner, LEASE_SECONDS),
    streams,
    lease_seconds: LEASE_SECONDS,
    streams_max_bytes: parts.config.streams_max_mb * 1024 * 1024,
    log,
    metrics,
  });
  const observation = new Observation(database, streams, metrics, log);
  const mirror = new Mirror({ database, streams, relay, log });
  const chain = new Chain({ database, relay, metrics: parts.metrics, log });
  readiness.add("ledger", async () => {
    const { room, range_size } = await ledger.room();
    if (room < range_size / 2) throw new Error(`only ${room} seqs are left in the ledger's ranges`);
    return relay.active ? undefined : "standing by: another relay is active";
  });
  readiness.add("publishing", async () => {
    if (relay.trouble !== undefined) throw new Error(relay.trouble);
    return undefined;
  });
  return {
    name: "relay",
    async start() {
      relay.start();
      observation.start();
      mirror.start();
      chain.start();
    },
    async stop() {
      await chain.stop();
      await mirror.stop();
      await observation.stop();
      await relay.stop();
    },
  };
}
