import type { PartitionRef } from "../platform/streams/streams.ts";
import type { Disagreement, Findings, Read } from "./findings.ts";

/** The first seq the ledger may still hold: nothing can be said of what is before it. */
const FIRST = "(select coalesce(min(from_seq), 1) from event_log_range)";

/** How many positions there are, and those at which their partition holds no event. */
const POSITIONS = `
  select p.engine, p.stream, p.partition, p.position as seq,
         p.position >= ${FIRST} and not exists (
           select 1 from event_log e where e.seq = p.position and e.stream = p.stream and e.partition = p.partition
         ) as off,
         coalesce((select seq from event_log e where e.stream = p.stream and e.partition = p.partition
                   order by seq desc limit 1), 0) as newest
  from engine_position p`;

/** Events that wait or are dead and that the ledger does not know so. */
const PARKED = `
  select k.engine, k.stream, k.partition, k.seq, e.event_id from parked_event k
  left join event_log e on e.seq = k.seq
  where k.seq >= ${FIRST} and e.event_id is distinct from k.event_id
  order by k.seq`;

type PositionRow = Record<string, unknown> &
  PartitionRef & { engine: string; seq: number; newest: number; off: boolean };
type ParkedRow = Record<string, unknown> & PartitionRef & { engine: string; seq: number; event_id: string | null };

/** Compares where engines stand, and what they keep for later, with the ledger. */
export async function verifyEngines(read: Read, refs: readonly PartitionRef[]): Promise<Findings> {
  const mine = ({ stream, partition }: PartitionRef) =>
    refs.some((ref) => ref.stream === stream && ref.partition === partition);
  const positions = (await read((tx) => tx.query<PositionRow>(POSITIONS))).filter(mine);
  const parked = (await read((tx) => tx.query<ParkedRow>(PARKED))).filter(mine);
  const disagreements = [
    ...positions.flatMap(positionOff),
    ...parked.map(({ engine, stream, partition, seq, event_id }) => {
      return {
        stream,
        partition,
        seq,
        event_id,
        reason: `is kept by engine ${engine} as another one than the ledger's`,
      };
    }),
  ];
  return { compared: positions.length, disagreements };
}

function positionOff({ engine, stream, partition, seq, newest, off }: PositionRow): Disagreement[] {
  const instead = seq > newest ? `the partition's newest is ${newest}` : "the partition holds no such event";
  const reason = `is where engine ${engine} stands, and ${instead}`;
  return off ? [{ stream, partition, seq, event_id: null, reason }] : [];
}
