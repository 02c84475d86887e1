import { type EngineApp, keyOfCursor, notFound, pageOf, pageQuery, t } from "@basecommerce/engine";
import { alertsOf } from "./alerts.ts";
import type { PricingConfig } from "./config.ts";
import {
  explainAlert,
  explainBaseCost,
  explainNothing,
  explainOffer,
  explainSuggestion,
  explainTrend,
} from "./explanation.ts";
import { offersOf, productOf } from "./offers.ts";
import { trendOf } from "./trend.ts";

const Id = t.String({ format: "uuid" });
const product = t.Object({ product_id: Id });

const AlertQuery = t.Object(
  {
    ...pageQuery,
    kind: t.Optional(t.Union([t.Literal("increase"), t.Literal("decrease")])),
    product_id: t.Optional(Id),
    supplier_id: t.Optional(Id),
  },
  { additionalProperties: false },
);

/** From whom to buy a product: `/compare`, `/suggest`, `/base-cost`. */
export function supplierRoutes(app: EngineApp<PricingConfig>) {
  return app
    .get(
      "/compare/:product_id",
      async ({ db, tenant, config, params, query }) => {
        const known = await productOf(db, tenant.tenant_id, params.product_id);
        const { cursor, limit = 50 } = query;
        const skipped = cursor === undefined ? 0 : Number(keyOfCursor(cursor, /^\d{1,6}$/));
        const offers = (await offersOf(db, tenant, config, known)).slice(skipped, skipped + limit + 1);
        const { items, next_cursor } = pageOf(offers, limit, () => String(skipped + limit));
        return {
          items: items.map(({ suggested: _, score: __, mean_of_current: ___, ...offer }) => ({
            ...offer,
            explanation: explainOffer(offer, tenant.locale),
          })),
          next_cursor,
        };
      },
      { params: product, query: t.Object(pageQuery, { additionalProperties: false }) },
    )
    .get(
      "/suggest/:product_id",
      async ({ db, tenant, config, params }) => {
        const known = await productOf(db, tenant.tenant_id, params.product_id);
        const offer = (await offersOf(db, tenant, config, known)).find(({ suggested }) => suggested);
        return {
          product_id: known.product_id,
          product_name: known.name,
          supplier_id: offer?.supplier_id ?? null,
          supplier_name: offer?.supplier_name ?? null,
          price: offer?.price ?? null,
          mean: offer?.mean ?? null,
          score: offer?.score ?? null,
          min_quantity: offer?.min_quantity ?? null,
          payment_days: offer?.payment_days ?? null,
          explanation: offer
            ? explainSuggestion(known, offer, config.current_weight, tenant.locale)
            : explainNothing(known, tenant.locale),
        };
      },
      { params: product },
    )
    .get(
      "/base-cost/:product_id",
      async ({ db, tenant, config, params }) => {
        const known = await productOf(db, tenant.tenant_id, params.product_id);
        const offers = await offersOf(db, tenant, config, known);
        const offer = offers.find(({ suggested }) => suggested);
        return {
          product_id: known.product_id,
          product_name: known.name,
          supplier_id: offer?.supplier_id ?? null,
          supplier_name: offer?.supplier_name ?? null,
          base_cost: offer?.price ?? null,
          mean_of_current: offer?.mean_of_current ?? null,
          suppliers: offers.length,
          explanation: offer
            ? explainBaseCost(known, offer, offers.length, tenant.locale)
            : explainNothing(known, tenant.locale),
        };
      },
      { params: product },
    );
}

/** How prices move: `/price-alerts`, `/price-trend`. */
export function movementRoutes(app: EngineApp<PricingConfig>) {
  return app
    .get(
      "/price-alerts",
      async ({ db, tenant, config, query }) => {
        const { cursor, limit = 50, ...filter } = query;
        const before_seq = cursor === undefined ? undefined : Number(keyOfCursor(cursor, /^\d{1,15}$/));
        const found = await alertsOf(db, tenant, config, { ...filter, limit: limit + 1, before_seq });
        const { items, next_cursor } = pageOf(found, limit, ({ seq }) => String(seq));
        return {
          items: items.map(({ seq: _, ...alert }) => ({ ...alert, explanation: explainAlert(alert, tenant.locale) })),
          next_cursor,
        };
      },
      { query: AlertQuery },
    )
    .get(
      "/price-trend/:product_id/:supplier_id",
      async ({ db, tenant, config, params: { product_id, supplier_id } }) => {
        const known = await productOf(db, tenant.tenant_id, product_id);
        const [supplier] = await db.query<{ name: string }>(
          "select name from suppliers where tenant_id = $1 and supplier_id = $2",
          [tenant.tenant_id, supplier_id],
        );
        if (!supplier) throw notFound("supplier");
        const trend = await trendOf(db, tenant, config, product_id, supplier_id);
        return {
          product_id: known.product_id,
          product_name: known.name,
          supplier_id,
          supplier_name: supplier.name,
          ...trend,
          explanation: explainTrend(known, supplier.name, trend, config.window_days, tenant.locale),
        };
      },
      { params: t.Object({ product_id: Id, supplier_id: Id }) },
    );
}
