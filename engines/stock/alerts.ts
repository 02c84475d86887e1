import type { EngineDb, EngineTenant } from "@basecommerce/engine";
import type { StockConfig } from "./config.ts";
import { Decisions } from "./decisions.ts";
import { type Episode, episodesOf } from "./episodes.ts";
import { explainExcess, explainResolved, explainRupture } from "./explanation.ts";
import { type Figures, figuresOf } from "./figures.ts";

export type Risk = "high" | "medium" | "low";

/** Nothing in common with other names: ids of alerts, by product and kind. */
const NAMESPACE = "5b0b6f6e-3c53-4f0e-9a3e-2f1d6f3a7c10";

/** Days to rupture up to which a risk is high, and medium. */
const HIGH_DAYS = 7;
const MEDIUM_DAYS = 14;

/** One for each product and kind, with the same id whenever it comes back. Quantities have 3 places. */
export interface Alert {
  id: string;
  kind: Episode["kind"];
  /** How soon it runs out; null for an excess and for what is resolved. */
  risk: Risk | null;
  status: "active" | "acknowledged" | "resolved";
  product_id: string;
  product_name: string | null;
  level: string;
  minimum: string;
  maximum: string;
  average_daily_demand: string;
  days_to_rupture: number | null;
  /** Since when it stands, counted back 30 days at most; null for what is resolved. */
  since: string | null;
  resolved_at: string | null;
  explanation: string;
}

export interface AlertScope {
  /** Only of this product. */
  product_id?: string;
  /** Only those that stand: much less is looked at. */
  standing?: boolean;
}

/** The alerts of a shop that stand, and those that were resolved within the last 30 days. */
export async function alertsOf(
  db: EngineDb,
  tenant: EngineTenant,
  config: StockConfig,
  { product_id, standing = false }: AlertScope = {},
): Promise<Alert[]> {
  const known = await figuresOf(db, tenant, config, product_id);
  const figures = new Map(known.map((product) => [product.product_id, product]));
  const decisions = await Decisions.of(db, tenant.tenant_id);
  const wanted = known.filter(({ rupture, excess }) => !standing || rupture || excess);
  const ids = standing || product_id !== undefined ? wanted.map((product) => product.product_id) : null;
  const episodes = await episodesOf(db, tenant, config, ids);
  return episodes.flatMap((episode) => {
    const product = figures.get(episode.product_id);
    return product ? [alertOf(product, episode, decisions, tenant.locale)] : [];
  });
}

function alertOf(product: Figures, episode: Episode, decisions: Decisions, locale: EngineTenant["locale"]): Alert {
  const { product_id, level, minimum, maximum, average_daily_demand, days_to_rupture } = product;
  const { kind, since, resolved_at } = episode;
  return {
    id: Bun.randomUUIDv5(`${product_id} ${kind}`, NAMESPACE),
    kind,
    risk: kind === "rupture" && since !== null ? riskOf(days_to_rupture) : null,
    status: since === null ? "resolved" : (decisions.about(product_id, kind, since) && "acknowledged") || "active",
    product_id,
    product_name: product.name,
    level,
    minimum,
    maximum,
    average_daily_demand,
    days_to_rupture,
    since,
    resolved_at,
    explanation: explanationOf(product, episode, locale),
  };
}

function explanationOf(product: Figures, { kind, since }: Episode, locale: EngineTenant["locale"]): string {
  if (since === null) return explainResolved(kind, product, locale);
  return kind === "rupture" ? explainRupture(product, locale) : explainExcess(product, locale);
}

function riskOf(days: number | null): Risk {
  if (days === null || days > MEDIUM_DAYS) return "low";
  return days <= HIGH_DAYS ? "high" : "medium";
}
