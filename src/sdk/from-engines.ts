import type { HandlerContext } from "./context.ts";
import type { EventEnvelope } from "./events.ts";

/** Handlers by engine and event type. What other engines publish is not known here: payloads have to be looked at. */
export type EngineEventHandlers = Readonly<
  Record<string, Readonly<Record<string, (event: EventEnvelope, ctx: HandlerContext<unknown>) => Promise<void>>>>
>;

/** Subscribes to what other engines publish: `subscriptions: { ...fromEngines({ stock: { alert_raised: … } }) }`. */
export function fromEngines(handlers: EngineEventHandlers): object {
  return handlers;
}
