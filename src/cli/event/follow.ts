import { type EventFilter, newestEvents } from "../../platform/events/event-search.ts";
import type { StoredEvent } from "../../platform/streams/streams.ts";
import type { LedgerRead } from "../ledger-access.ts";

const EVERY_MS = 200;
const AT_ONCE = 1000;
/** A transaction that was slow commits below what was shown already; so far back is looked again. */
const OVERLAP = 1000;

/** Hands out events that are committed from now on, each once; late ones late. Ends when `stopped` resolves. */
export async function follow(
  read: LedgerRead,
  filter: EventFilter,
  print: (event: StoredEvent) => void,
  stopped: Promise<unknown>,
): Promise<void> {
  let running = true;
  const stop = stopped.then(() => {
    running = false;
  });
  let from = await read(async (tx) => {
    const [row] = await tx.query<{ seq: number }>("select coalesce(max(seq), 0) as seq from event_log");
    return row?.seq ?? 0;
  });
  const shown = new Set<number>();
  const begin = from;
  while (running) {
    const after = Math.max(begin, from - OVERLAP);
    const events = await read((tx) => newestEvents(tx, filter, after, AT_ONCE + OVERLAP));
    for (const event of events) {
      if (shown.has(event.seq)) continue;
      shown.add(event.seq);
      from = Math.max(from, event.seq);
      print(event);
    }
    for (const seq of shown) if (seq <= from - OVERLAP) shown.delete(seq);
    await Promise.race([stop, Bun.sleep(EVERY_MS)]);
  }
}
