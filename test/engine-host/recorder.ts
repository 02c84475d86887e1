import { defineEngine, type EngineDb, type EngineDefinition } from "../../src/sdk/index.ts";

type Event = { event_id: string; tenant_id: string; key: string; seq: number; payload: { reason: string | null } };
type Context = { db: EngineDb; attempt: number; signal: AbortSignal; replaying: boolean };

/** An engine that writes a row for each event it handles; `handle` runs before and may fail. */
export function recorder(
  handle: (event: Event, ctx: Context) => Promise<void> | void = () => undefined,
  more: Partial<EngineDefinition> & { name?: string } = {},
): EngineDefinition {
  return defineEngine({
    name: "recorder",
    version: "1.0.0",
    description: "Remembers what it handled, in order",
    from: "beginning",
    retry: { attempts: 3, first_pause_ms: 1, longest_pause_ms: 20 },
    migrations: [
      {
        id: "0001_handled",
        up: `create table handled (tenant_id uuid not null, place bigint generated always as identity, event_id uuid not null,
               seq bigint not null, key text not null, note text)`,
      },
    ],
    subscriptions: {
      construction: {
        stock_updated: async (event, ctx) => {
          await handle(event, ctx);
          await ctx.db.query("insert into handled (tenant_id, event_id, seq, key, note) values ($1, $2, $3, $4, $5)", [
            event.tenant_id,
            event.event_id,
            event.seq,
            event.key,
            event.payload.reason,
          ]);
        },
      },
    },
    ...more,
  }) as EngineDefinition;
}

export const HANDLED = "select tenant_id, key, note, seq from engine_recorder.handled order by place";
