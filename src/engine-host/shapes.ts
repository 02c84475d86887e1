import { t } from "elysia";
import { nullable, oneOf, shape } from "../platform/http/shape.ts";

const ENGINE_STATES = ["loading", "running", "restarting", "failed", "stopped"] as const;
const EngineName = t.String({ examples: ["stock"] });
const Config = t.Record(t.String(), t.Unknown(), { examples: [{ window_days: 90 }] });

/** An engine as people of a shop see it; the last four are for admins only. */
export const EngineShown = shape(
  {
    name: EngineName,
    version: nullable(t.String({ examples: ["1.0.0"] })),
    description: nullable(t.String()),
    state: oneOf(ENGINE_STATES),
    enabled: t.Boolean({ description: "whether it is on for this shop" }),
    config: t.Optional(nullable(Config)),
    source: t.Optional(oneOf(["builtin", "folder"])),
    reason: t.Optional(nullable(t.String({ description: "why it does not run" }))),
    subscriptions: t.Optional(nullable(t.Record(t.String(), t.Array(t.String())))),
  },
  {
    examples: [
      {
        name: "stock",
        version: "1.0.0",
        description: "What to buy, when, and how much",
        state: "running",
        enabled: true,
        config: { lead_time_days: 7, safety_stock_percent: 20, window_days: 90 },
        source: "builtin",
        reason: null,
        subscriptions: { construction: ["sale_recorded", "stock_updated"] },
      },
    ],
  },
);

export const EngineList = shape({ items: t.Array(EngineShown) });

export const NewEngineSetting = shape(
  { enabled: t.Boolean(), config: t.Optional(Config) },
  { examples: [{ enabled: true, config: { lead_time_days: 10 } }] },
);

export const EngineSetting = shape(
  { name: EngineName, enabled: t.Boolean(), config: Config },
  { examples: [{ name: "stock", enabled: true, config: { lead_time_days: 10, window_days: 90 } }] },
);
