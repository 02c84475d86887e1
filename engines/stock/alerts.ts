import { type EngineApp, t } from "@basecommerce/engine";
import type { StockConfig } from "./config.ts";
import { explain } from "./explanation.ts";
import { type Figures, figuresOf } from "./figures.ts";

type Kind = "rupture" | "excess";
type Risk = "high" | "medium" | "low";

/** Nothing in common with other names: ids of alerts, by product and kind. */
const NAMESPACE = "5b0b6f6e-3c53-4f0e-9a3e-2f1d6f3a7c10";

/** Days to rupture up to which a risk is high, and medium. */
const HIGH_DAYS = 7;
const MEDIUM_DAYS = 14;

interface Alert {
  id: string;
  kind: Kind;
  risk: Risk | null;
  status: "active";
  product_id: string;
  product_name: string | null;
  level: string;
  minimum: string;
  maximum: string;
  average_daily_demand: string;
  days_to_rupture: number | null;
  explanation: string;
}

function alertOf(figures: Figures, locale: "pt-BR" | "en"): Alert {
  const kind: Kind = figures.rupture ? "rupture" : "excess";
  const { product_id, level, minimum, maximum, average_daily_demand, days_to_rupture } = figures;
  return {
    id: Bun.randomUUIDv5(`${product_id} ${kind}`, NAMESPACE),
    kind,
    risk: kind === "rupture" ? riskOf(days_to_rupture) : null,
    status: "active",
    product_id,
    product_name: figures.name,
    level,
    minimum,
    maximum,
    average_daily_demand,
    days_to_rupture,
    explanation: explain(kind, figures, locale),
  };
}

function riskOf(days: number | null): Risk {
  if (days === null || days > MEDIUM_DAYS) return "low";
  return days <= HIGH_DAYS ? "high" : "medium";
}

/** `GET /alerts`: the products that will run out, or lie in excess, soonest first. */
export function alertRoutes(app: EngineApp<StockConfig>) {
  return app.get(
    "/alerts",
    async ({ db, tenant, config, query }) => {
      const all = (await figuresOf(db, tenant, config))
        .filter(({ rupture, excess }) => rupture || excess)
        .map((figures) => alertOf(figures, tenant.locale));
      const items = all
        .filter((alert) => query.kind === undefined || alert.kind === query.kind)
        .filter((alert) => query.risk === undefined || alert.risk === query.risk)
        .filter((alert) => query.status === undefined || alert.status === query.status)
        .filter((alert) => query.product_id === undefined || alert.product_id === query.product_id)
        .sort((a, b) => (a.days_to_rupture ?? 0) - (b.days_to_rupture ?? 0));
      return { items, next_cursor: null };
    },
    {
      query: t.Object({
        kind: t.Optional(t.Union([t.Literal("rupture"), t.Literal("excess")])),
        risk: t.Optional(t.Union([t.Literal("high"), t.Literal("medium"), t.Literal("low")])),
        status: t.Optional(t.Union([t.Literal("active"), t.Literal("acknowledged"), t.Literal("resolved")])),
        product_id: t.Optional(t.String({ format: "uuid" })),
      }),
    },
  );
}
