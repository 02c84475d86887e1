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
  /** Only of these, whose figures are known already. */
  products?: readonly Figures[];
}

/** The alerts of a shop that stand, and those that were resolved within the last 30 days. */
export async function alertsOf(
  db: EngineDb,
  tenant: EngineTenant,
  config: StockConfig,
  { product_id, products }: AlertScope = {},
): Promise<Alert[]> {
  const known = products ?? (await figuresOf(db, tenant, config, product_id));
  const figures = new Map(known.map((product) => [product.product_id, product]));
  const decisions = await Decisions.of(db, tenant.tenant_id);
  const few = products !== undefined || product_id !== undefined;
  const episodes = await episodesOf(db, tenant, config, few ? [...figures.keys()] : null);
  return episodes.flatMap((episode) => {
    const product = figures.get(episode.product_id);
    return product ? [alertOf(product, episode, decisions, tenant.locale)] : [];
  });
}

/** The alert with this id; undefined when it neither stands nor was resolved within the last 30 days. */
export async function alertWith(
  db: EngineDb,
  tenant: EngineTenant,
  config: StockConfig,
  id: string,
): Promise<Alert | undefined> {
  const products = (await figuresOf(db, tenant, config)).filter(
    ({ product_id }) => idOf(product_id, "rupture") === id || idOf(product_id, "excess") === id,
  );
  return (await alertsOf(db, tenant, config, { products })).find((known) => known.id === id);
}

/** What a list of alerts is sorted by. */
export type AlertPlace = Pick<Alert, "id" | "kind" | "risk" | "status" | "days_to_rupture">;

/**
 * Every alert that stands, by product, with what it is sorted by. Costs much less than the alerts themselves: since when
 * one stands is looked up only where somebody has ever said something to it.
 */
export async function standingPlaces(
  db: EngineDb,
  tenant: EngineTenant,
  config: StockConfig,
): Promise<(AlertPlace & { product: Figures })[]> {
  const decisions = await Decisions.of(db, tenant.tenant_id);
  const standing = (await figuresOf(db, tenant, config)).flatMap((product) => {
    const kinds = (["rupture", "excess"] as const).filter((kind) => product[kind]);
    return kinds.map((kind) => ({ product, kind, decided: decisions.any(product.product_id, kind) }));
  });
  const decided = standing.flatMap((one) => (one.decided ? [one.product.product_id] : []));
  const episodes = await episodesOf(db, tenant, config, decided);
  const sinceOf = new Map(episodes.map(({ product_id, kind, since }) => [`${product_id} ${kind}`, since]));
  return standing.map(({ product, kind, decided: ever }) => {
    const { product_id, days_to_rupture } = product;
    const since = sinceOf.get(`${product_id} ${kind}`);
    const acknowledged = ever && since && decisions.about(product_id, kind, since) !== undefined;
    return {
      ...{ id: idOf(product_id, kind), product, kind, days_to_rupture },
      risk: kind === "rupture" ? riskOf(days_to_rupture) : null,
      status: acknowledged ? "acknowledged" : "active",
    };
  });
}

function idOf(product_id: string, kind: Episode["kind"]): string {
  return Bun.randomUUIDv5(`${product_id} ${kind}`, NAMESPACE);
}

function alertOf(product: Figures, episode: Episode, decisions: Decisions, locale: EngineTenant["locale"]): Alert {
  const { product_id, level, minimum, maximum, average_daily_demand, days_to_rupture } = product;
  const { kind, since, resolved_at } = episode;
  return {
    id: idOf(product_id, kind),
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
