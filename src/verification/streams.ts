import { type EventStreams, nameOf, type PartitionRef } from "../platform/streams/streams.ts";
import type { Disagreement, Findings, Read } from "./findings.ts";

const AT_ONCE = 1000;

const LEDGER = `
  select seq, event_id from event_log where stream = $1 and partition = $2 and seq > $3 and seq <= $4 order by seq`;

/** What was published, and the first seq the ledger may still hold: a stream may remember what retention dropped. */
const BOUNDS = `
  select coalesce((select last_seq from relay_progress where stream = $1 and partition = $2), 0) as last_seq,
         (select coalesce(min(from_seq), 1) from event_log_range) as first`;

type Named = { seq: number; event_id: string } & Record<string, unknown>;

/** Compares what the streams hold with the ledger: the same events, without a hole, up to what was published. */
export async function verifyStreams(
  read: Read,
  streams: EventStreams,
  refs: readonly PartitionRef[],
): Promise<Findings> {
  const findings: Findings = { compared: 0, disagreements: [] };
  for (const ref of refs) {
    const first = await verifyPartition(read, streams, ref, findings);
    if (first) findings.disagreements.push({ ...ref, ...first });
  }
  return findings;
}

type Difference = Pick<Disagreement, "seq" | "event_id" | "reason">;

async function verifyPartition(
  read: Read,
  streams: EventStreams,
  ref: PartitionRef,
  findings: Findings,
): Promise<Difference | undefined> {
  // Asked before the stream is: what is published meanwhile may be there or not.
  const [bounds] = await read((tx) =>
    tx.query<{ last_seq: number; first: number }>(BOUNDS, [ref.stream, ref.partition]),
  );
  const { last_seq, first: oldest } = bounds ?? { last_seq: 0, first: 1 };
  const end = (await streams.ends([ref])).get(nameOf(ref));
  if ((end?.last_seq ?? 0) < last_seq) {
    return { seq: last_seq, event_id: null, reason: `was published, and the stream ends at ${end?.last_seq ?? 0}` };
  }
  let after = oldest - 1;
  let begun = false;
  for (;;) {
    const entries = await streams.after(ref, after, AT_ONCE);
    const [first] = entries;
    const final = entries.at(-1);
    if (!first || !final) return undefined;
    // A stream's beginning is cut off while it is read; from its first page on there must be no hole.
    const from = begun ? after : first.seq - 1;
    const events = await read((tx) => tx.query<Named>(LEDGER, [ref.stream, ref.partition, from, final.seq]));
    const difference = firstDifference(events, entries);
    if (difference && !(await wasTrimmed(streams, ref, difference.seq))) return difference;
    findings.compared += entries.length;
    after = final.seq;
    begun = true;
  }
}

function firstDifference(
  events: readonly { seq: number; event_id: string }[],
  entries: readonly { seq: number; event_id: string }[],
): Difference | undefined {
  const known = new Map(events.map(({ seq, event_id }) => [seq, event_id]));
  const held = new Set(entries.map(({ seq }) => seq));
  const ghost = entries.find(({ seq, event_id }) => known.get(seq) !== event_id);
  const lost = events.find(({ seq }) => !held.has(seq));
  if (ghost && (!lost || ghost.seq <= lost.seq)) {
    return { seq: ghost.seq, event_id: known.get(ghost.seq) ?? null, reason: "is another one in the stream" };
  }
  return lost && { ...lost, reason: "is missing in the stream between others" };
}

/** The relay drops old entries at any time: what is before a stream's first entry is nobody's loss. */
async function wasTrimmed(streams: EventStreams, ref: PartitionRef, seq: number): Promise<boolean> {
  const [oldest] = await streams.after(ref, 0, 1);
  return oldest === undefined || oldest.seq > seq;
}
