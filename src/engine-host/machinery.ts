import type { Database } from "../platform/database/database.ts";
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
  /** Called when handlers have emitted events, and they are committed. */
  published?: () => void;
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
  const emitting = await Emitting.open(database, manifest.name, definition.emits);
  const positions = new EnginePositions(database, manifest, owner);
  const parking = new Parking(manifest);
  const dispatch = new Dispatch({ definition, manifest, settings, emitting, contracts, tracing, log });
  const { published = () => undefined } = parts;
  const batches = new Batches({ database, manifest, positions, parking, dispatch, published });
  const isolation = new Isolation(batches, (entry, failure) => {
    const { seq, event_type, tenant_id } = entry;
    const { code, message, permanent } = failure;
    log.warn({ seq, event_type, tenant_id, code, reason: message, permanent }, "event parked");
    parts.parked?.(entry, failure);
  });
  const retries = new Retries({ database, manifest, positions, parking, dispatch, published });
  const leases = new PartitionLeases(database, manifest, owner, pace.lease_seconds, log);
  return { positions, leases, batches, isolation, retries };
}
