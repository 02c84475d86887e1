import { codeOf } from "../platform/database/errors.ts";
import { parseTraceparent, type Span, type Tracing } from "../platform/observability/tracing.ts";
import type { StreamEntry } from "../platform/streams/streams.ts";

/**
 * Runs `work` on entries, each within a span of its own in the trace of what brought it about. `work` gets the entries
 * with that span as their trace, so that what the engine emits goes on from it.
 */
export async function withEventSpans<T>(
  tracing: Tracing,
  engine: string,
  { entries, attempt }: { entries: readonly StreamEntry[]; attempt: number },
  work: (entries: readonly StreamEntry[]) => Promise<T>,
): Promise<T> {
  if (!tracing.on) return await work(entries);
  const spans: Span[] = [];
  const traced = entries.map((entry) => {
    const kept = ((parseTraceparent(entry.trace)?.flags ?? 0) & 1) === 1;
    if (!kept) return entry;
    const span = spanOf(tracing, engine, entry, attempt);
    spans.push(span);
    return { ...entry, trace: span.traceparent };
  });
  try {
    const result = await work(traced);
    for (const span of spans) span.end();
    return result;
  } catch (error) {
    for (const span of spans) span.end({ error: codeOf(error) ?? "failed" });
    throw error;
  }
}

function spanOf(tracing: Tracing, engine: string, entry: StreamEntry, attempt: number): Span {
  const { trace, stream, event_type, event_id, tenant_id, seq, partition } = entry;
  return tracing.start({
    name: `${engine} ${event_type}`,
    kind: "consumer",
    parent: trace,
    attributes: {
      "messaging.system": "redis",
      "messaging.destination.name": stream,
      "messaging.message.id": event_id,
      "basecommerce.engine": engine,
      "basecommerce.event_type": event_type,
      "basecommerce.tenant_id": tenant_id,
      "basecommerce.seq": seq,
      "basecommerce.partition": partition,
      "basecommerce.attempt": attempt,
    },
  });
}
