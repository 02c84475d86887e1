import { partitionOf } from "../platform/events/partition.ts";
import type { EventStreams, PartitionRef } from "../platform/streams/streams.ts";
import { type ChainFindings, verifyChain } from "./chain.ts";
import { verifyEngines } from "./engines.ts";
import type { Disagreement, Findings, Read } from "./findings.ts";
import { verifyStreams } from "./streams.ts";

export interface VerificationOptions {
  read: Read;
  /** Not compared where there are none. */
  streams: EventStreams | undefined;
  /** Only the partitions of this shop; of all without. */
  tenant_id: string | undefined;
}

export interface Verification {
  partitions: number;
  ledger: ChainFindings;
  /** Null when the streams were not compared. */
  streams: Findings | null;
  engines: Findings;
  /** The event with the smallest `seq` that does not agree; null when all do. */
  first: Disagreement | null;
}

/** Compares the ledger with its chain, the streams and the engines' positions with the ledger. Changes nothing. */
export async function verify({ read, streams, tenant_id }: VerificationOptions): Promise<Verification> {
  const partitions = await read(
    async (tx) =>
      new Map(
        (await tx.query<{ stream: string; partitions: number }>("select stream, partitions from event_stream")).map(
          (row) => [row.stream, row.partitions],
        ),
      ),
  );
  const refs = [...partitions].flatMap(([stream, count]): PartitionRef[] =>
    tenant_id === undefined
      ? Array.from({ length: count }, (_, partition) => ({ stream, partition }))
      : [{ stream, partition: partitionOf(tenant_id, count) }],
  );
  const ledger = await verifyChain(read, refs, partitions);
  const found = streams ? await verifyStreams(read, streams, refs) : null;
  const engines = await verifyEngines(read, refs);
  const all = [...ledger.disagreements, ...(found?.disagreements ?? []), ...engines.disagreements];
  const [first = null] = all.toSorted((a, b) => a.seq - b.seq);
  return { partitions: refs.length, ledger, streams: found, engines, first };
}
