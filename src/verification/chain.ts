import { partitionOf } from "../platform/events/partition.ts";
import type { PartitionRef } from "../platform/streams/streams.ts";
import type { Disagreement, Findings, Read } from "./findings.ts";

/** A place in a partition where the ledger or its chain, or both, have something. Digests are hexadecimal. */
interface Place extends Record<string, unknown> {
  seq: number;
  event_id: string | null;
  tenant_id: string | null;
  envelope: string | null;
  payload_digest: string | null;
  /** Of the payload as it was made by anonymizing; null where nobody did. */
  redacted_digest: string | null;
  chained_digest: string | null;
  link: string | null;
}

/** How a partition's chain begins: after what retention has dropped, or with the partition itself. */
const BEGINNING = `
  select coalesce(c.seq, 0) as seq,
         encode(coalesce(c.link, event_chain_beginning($1, $2)), 'hex') as link
  from (select coalesce(min(from_seq), 1) as first from event_log_range) r
  left join lateral (select seq, link from event_chain
                     where stream = $1 and partition = $2 and seq < r.first order by seq desc limit 1) c on true`;

const TIP = "select coalesce(max(seq), 0) as tip from event_chain";

/** Both sides of a partition after $3, up to $4 or $5 places further, by one statement: it sees one moment. */
const PLACES = `
  with bound as (
    select coalesce(least(
      (select seq from event_log where stream = $1 and partition = $2 and seq > $3 and seq <= $4
       order by seq offset $5 limit 1),
      (select seq from event_chain where stream = $1 and partition = $2 and seq > $3 and seq <= $4
       order by seq offset $5 limit 1)), $4) as upto
  ), events as (
    select e.seq, e.event_id, e.tenant_id, encode(event_chain_envelope(e), 'hex') as envelope,
           encode(event_chain_digest(e.payload), 'hex') as payload_digest
    from event_log e, bound where e.stream = $1 and e.partition = $2 and e.seq > $3 and e.seq <= bound.upto
  ), links as (
    select c.seq, encode(c.payload_digest, 'hex') as chained_digest, encode(c.link, 'hex') as link
    from event_chain c, bound where c.stream = $1 and c.partition = $2 and c.seq > $3 and c.seq <= bound.upto
  )
  select seq, event_id, events.tenant_id, envelope, events.payload_digest, chained_digest, link,
         encode(r.payload_digest, 'hex') as redacted_digest
  from events full join links using (seq) left join event_redaction r using (seq)
  order by seq`;

const AT_ONCE = 2000;

/** What comparing the ledger with its chain found. */
export interface ChainFindings extends Findings {
  /** Payloads that were anonymized since they were chained. */
  anonymized: number;
  /** Up to here the ledger is chained; later events are compared the next time. */
  chained_seq: number;
}

/**
 * Computes each partition's chain anew from the ledger's events and compares it link by link. `partitions` are the counts
 * of the streams, by which every event must stand where its tenant belongs.
 */
export async function verifyChain(
  read: Read,
  refs: readonly PartitionRef[],
  partitions: ReadonlyMap<string, number>,
): Promise<ChainFindings> {
  const chained_seq = await read(async (tx) => (await tx.query<{ tip: number }>(TIP))[0]?.tip ?? 0);
  const findings: ChainFindings = { compared: 0, disagreements: [], anonymized: 0, chained_seq };
  for (const ref of refs) {
    const first = await verifyPartition(read, ref, partitions.get(ref.stream) ?? 1, findings);
    if (first) findings.disagreements.push({ ...ref, ...first });
  }
  return findings;
}

type Difference = Pick<Disagreement, "seq" | "event_id" | "reason">;

async function verifyPartition(
  read: Read,
  { stream, partition }: PartitionRef,
  count: number,
  findings: ChainFindings,
): Promise<Difference | undefined> {
  const [beginning] = await read((tx) => tx.query<{ seq: number; link: string }>(BEGINNING, [stream, partition]));
  let { seq: after, link } = beginning ?? { seq: 0, link: "" };
  for (;;) {
    const parameters = [stream, partition, after, findings.chained_seq, AT_ONCE];
    const places = await read((tx) => tx.query<Place>(PLACES, parameters));
    for (const place of places) {
      const reason = differenceAt(place, link, partition, count);
      if (reason !== undefined) return { seq: place.seq, event_id: place.event_id, reason };
      if (place.payload_digest !== place.chained_digest) findings.anonymized++;
      link = place.link ?? "";
      after = place.seq;
    }
    findings.compared += places.length;
    if (places.length === 0) return undefined;
  }
}

function differenceAt(place: Place, before: string, partition: number, count: number): string | undefined {
  const { tenant_id, envelope, payload_digest, redacted_digest, chained_digest, link } = place;
  if (envelope === null || tenant_id === null) return "is in the chain and no more in the ledger";
  if (link === null || chained_digest === null) return "is in the ledger and not in the chain: it was added later";
  if (linkOf(before, envelope, chained_digest) !== link) {
    return "is not what was chained: its envelope was changed, or the chain before it";
  }
  if (payload_digest !== chained_digest && payload_digest !== redacted_digest) {
    return "has another payload than was chained, and nobody anonymized it";
  }
  return partitionOf(tenant_id, count) === partition ? undefined : "stands in a partition that is not its shop's";
}

function linkOf(before: string, envelope: string, payload_digest: string): string {
  return new Bun.CryptoHasher("sha256").update(`${before}${envelope}${payload_digest}`, "hex").digest("hex");
}
