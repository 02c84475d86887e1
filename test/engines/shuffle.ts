import type { EventEnvelope } from "@basecommerce/engine";
import fc from "fast-check";

/**
 * The same history in another interleaving: events of one key keep their order, those of different keys come in any,
 * cut into batches at random places. What parked events, several hosts and replays may bring about, and nothing else.
 */
export function interleavings(events: readonly EventEnvelope[]): fc.Arbitrary<EventEnvelope[][]> {
  return fc
    .record({
      picks: fc.array(fc.nat(), { minLength: events.length, maxLength: events.length }),
      cuts: fc.array(fc.boolean(), { minLength: events.length, maxLength: events.length }),
    })
    .map(({ picks, cuts }) => {
      const queues = new Map<string, EventEnvelope[]>();
      for (const event of events) {
        const key = `${event.tenant_id} ${event.key}`;
        const queue = queues.get(key);
        if (queue) queue.push(event);
        else queues.set(key, [event]);
      }
      const batches: EventEnvelope[][] = [[]];
      for (const [index, pick] of picks.entries()) {
        const keys = [...queues.keys()];
        const key = keys[pick % keys.length] ?? "";
        const queue = queues.get(key) ?? [];
        const event = queue.shift();
        if (queue.length === 0) queues.delete(key);
        if (event) batches.at(-1)?.push(event);
        if (cuts[index]) batches.push([]);
      }
      return batches.filter((batch) => batch.length > 0);
    });
}
