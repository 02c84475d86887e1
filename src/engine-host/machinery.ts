import type { Database } from "../platform/database/database.ts";
import { DEFAULT_PARTITIONS } from "../platform/events/partition.ts";
import { madeStreams } from "../platform/events/stream-registry.ts";
import type { Log } from "../platform/observability/log.ts";
import { NO_TRACING, type Tracing } from "../platform/observability/tracing.ts";
import type { EngineDefinition } from "../sdk/engine.ts";
import { Batches } from "./batches.ts";
import { Dispatch, type KnownContracts } from "./dispatch.ts";
import { Emitting } from "./emitting.ts";
import { Isolation } from "./isolation.ts";
import { PartitionLeases } from "./leases.ts";
import type { EngineManifest } from "./manifest.ts";
import { PACE, type Pace } from "./pace.ts";
import { Parking } from "./parking.ts";
import { EnginePositions } from "./positions.ts";
import { Retries } from "./retries.ts";
import type { TenantSettings } from "./tenant-settings.ts";

export interface MachineryParts {
  database: Database;
  definition: EngineDefinition;
  manifest: EngineManifest;
  settings: TenantSettings;
  log: Log;
  /** This instance's name among those that share the engine's partitions. */
  owner: string;
  pace?: Pace;
  tracing?: Tracing | undefined;
  contracts?: KnownContracts | undefined;
  /** Hears of every event that is parked, with what its handler threw. */
  parked?: ConstructorParameters<typeof Isolation>[1];
}

/** What takes an engine's events from a read to a commit, put together; whoever drives it does the reading. */
export interface Machinery {
  positions: EnginePositions;
  leases: PartitionLeases;
  batches: Batches;
  isolation: Isolation;
  retries: Retries;
}

/** Puts an installed engine's processing together. The same for a running host and for an author's tests. */
export async function buildMachinery(parts: MachineryParts): Promise<Machinery> {
  const { database, definition, manifest, settings, log, owner, pace = PACE, contracts, tracing = NO_TRACING } = parts;
  const partitions = (await madeStreams(database)).get(manifest.name) ?? DEFAULT_PARTITIONS;
  const emitting = new Emitting(manifest.name, definition.emits ?? {}, partitions);
  const positions = new EnginePositions(database, manifest, owner);
  const parking = new Parking(manifest);
  const dispatch = new Dispatch({ definition, manifest, settings, emitting, contracts, tracing, log });
  const batches = new Batches({ database, manifest, positions, parking, dispatch });
  const isolation = new Isolation(batches, (entry, failure) => {
    const { seq, event_type, tenant_id } = entry;
    const { code, message, permanent } = failure;
    log.warn({ seq, event_type, tenant_id, code, reason: message, permanent }, "event parked");
    parts.parked?.(entry, failure);
  });
  const retries = new Retries({ database, manifest, positions, parking, dispatch });
  const leases = new PartitionLeases(database, manifest, owner, pace.lease_seconds, log);
  return { positions, leases, batches, isolation, retries };
}
