import { parseTraceparent, type Tracing } from "../observability/tracing.ts";
import type { EventStreams, StreamEntry } from "./streams.ts";

/** The same streams, which note each event that was published in the trace of what brought it about. */
export function tracedStreams(streams: EventStreams, tracing: Tracing): EventStreams {
  const append = async (entries: readonly StreamEntry[]) => {
    const began_at = Date.now();
    await streams.append(entries);
    for (const entry of entries) note(entry, began_at, tracing);
  };
  return new Proxy(streams, {
    get(target, name) {
      if (name === "append") return append;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

function note(
  { trace, stream, event_type, event_id, seq, partition }: StreamEntry,
  began_at: number,
  tracing: Tracing,
) {
  const kept = ((parseTraceparent(trace)?.flags ?? 0) & 1) === 1;
  if (!kept) return;
  const attributes = {
    "messaging.system": "redis",
    "messaging.destination.name": stream,
    "messaging.message.id": event_id,
    "basecommerce.event_type": event_type,
    "basecommerce.seq": seq,
    "basecommerce.partition": partition,
  };
  tracing.start({ name: `publish ${event_type}`, kind: "producer", parent: trace, attributes, began_at }).end();
}
