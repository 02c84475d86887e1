import type { EngineDefinition } from "../sdk/engine.ts";

/** An engine's handlers, ready to be found. Their types were checked where the engine was written. */
export interface Handlers {
  /** By `stream event_type`. */
  single: Map<string, (event: never, ctx: never) => Promise<void>>;
  /** By stream. */
  batch: Map<string, { types: ReadonlySet<string>; run: (events: never, ctx: never) => Promise<void> }>;
}

export function handlersOf(definition: EngineDefinition): Handlers {
  const handlers: Handlers = { single: new Map(), batch: new Map() };
  for (const [stream, subscription] of Object.entries(definition.subscriptions)) {
    if (!subscription) continue;
    if ("batch" in subscription && "event_types" in subscription) {
      handlers.batch.set(stream, { types: new Set(subscription.event_types), run: subscription.batch });
      continue;
    }
    for (const [type, run] of Object.entries(subscription)) {
      if (typeof run === "function") handlers.single.set(`${stream} ${type}`, run);
    }
  }
  return handlers;
}
