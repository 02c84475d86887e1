import { type EngineApp, type EngineDb, keyOfCursor, notFound, pageOf, pageQuery, t } from "@basecommerce/engine";
import type { SalesConfig } from "./config.ts";
import { evidenceFor } from "./evidence.ts";
import { explainEvidence, explainSet, explainSubstitute } from "./explanation.ts";
import { type ProductSet, setsOf } from "./sets.ts";
import { substitutesOf } from "./substitutes.ts";

const Id = t.String({ format: "uuid" });
const path = t.Object({ product_id: Id });
const Paged = t.Object(
  { ...pageQuery, limit: t.Optional(t.Integer({ minimum: 1, maximum: 200 })) },
  { additionalProperties: false },
);

/** A place in a list of recommendations, which are few. */
function placeOf(cursor: string | undefined): number {
  return cursor === undefined ? 0 : Number(keyOfCursor(cursor, /^\d{1,6}$/));
}

async function nameOf(db: EngineDb, tenant_id: string, product_id: string): Promise<string> {
  const [product] = await db.query<{ name: string | null }>(
    "select name from products where tenant_id = $1 and product_id = $2",
    [tenant_id, product_id],
  );
  if (!product) throw notFound("product");
  return product.name ?? product_id;
}

/** What to offer with a product, for a cart, or instead: `/complementary`, `/suggestions`, `/substitutes`. */
export function recommendationRoutes(app: EngineApp<SalesConfig>) {
  return app
    .get(
      "/complementary/:product_id",
      async ({ db, tenant, config, params: { product_id }, query: { limit = config.limit, cursor } }) => {
        await nameOf(db, tenant.tenant_id, product_id);
        const place = placeOf(cursor);
        const found = (await evidenceFor(db, tenant, config, [product_id], null)).slice(place, place + limit + 1);
        const items = found.map((one) => ({ ...one, explanation: explainEvidence(one, tenant.locale) }));
        return pageOf(items, limit, () => String(place + limit));
      },
      { params: path, query: Paged },
    )
    .post(
      "/suggestions",
      async ({ db, tenant, config, body }) => {
        const cart = body.items.map(({ product_id }) => product_id);
        const found = await evidenceFor(db, tenant, config, cart, body.customer_id ?? null);
        const items = found.slice(0, config.limit);
        return { items: items.map((one) => ({ ...one, explanation: explainEvidence(one, tenant.locale) })) };
      },
      {
        body: t.Object(
          {
            items: t.Array(t.Object({ product_id: Id }, { additionalProperties: false }), {
              minItems: 1,
              maxItems: 500,
            }),
            customer_id: t.Optional(t.Union([Id, t.Null()])),
          },
          { additionalProperties: false },
        ),
      },
    )
    .get(
      "/substitutes/:product_id",
      async ({ db, tenant, config, params: { product_id }, query: { limit = config.limit, cursor } }) => {
        const name = await nameOf(db, tenant.tenant_id, product_id);
        const place = placeOf(cursor);
        const found = (await substitutesOf(db, tenant, config, product_id)).slice(place, place + limit + 1);
        const items = found.map((one) => ({ ...one, explanation: explainSubstitute(one, name, tenant.locale) }));
        return pageOf(items, limit, () => String(place + limit));
      },
      { params: path, query: Paged },
    );
}

/** Orders in which a customer's set must be before it is a pattern. */
const REPEATED = 2;

const keyOf = ({ baskets, key }: ProductSet) => `${baskets} ${key}`;

function afterOf(cursor: string | undefined): { baskets: number; key: string } | undefined {
  if (cursor === undefined) return undefined;
  const key = keyOfCursor(cursor, /^\d{1,9}( [0-9a-f-]{36}){2,4}$/);
  const space = key.indexOf(" ");
  return { baskets: Number(key.slice(0, space)), key: key.slice(space + 1) };
}

/** What is bought together: `/bundles` by the whole shop, `/patterns` by each customer. */
export function setRoutes(app: EngineApp<SalesConfig>) {
  return app
    .get(
      "/bundles",
      async ({ db, tenant, config, query: { limit = config.limit, cursor } }) => {
        const filter = { by_customer: false, least: config.min_baskets, limit: limit + 1, after: afterOf(cursor) };
        const { items, next_cursor } = pageOf(await setsOf(db, tenant, config, filter), limit, keyOf);
        return {
          items: items.map((set) => {
            const { customer_id: _, key: __, ...shown } = set;
            return { ...shown, explanation: explainSet(set, config.window_days, tenant.locale) };
          }),
          next_cursor,
        };
      },
      { query: Paged },
    )
    .get(
      "/patterns",
      async ({ db, tenant, config, query: { limit = 50, cursor, customer_id } }) => {
        const filter = { by_customer: true, customer_id, least: REPEATED, limit: limit + 1, after: afterOf(cursor) };
        const { items, next_cursor } = pageOf(await setsOf(db, tenant, config, filter), limit, keyOf);
        return {
          items: items.map((set) => {
            const { key: _, ...shown } = set;
            return { ...shown, explanation: explainSet(set, config.window_days, tenant.locale) };
          }),
          next_cursor,
        };
      },
      { query: t.Object({ ...pageQuery, customer_id: t.Optional(Id) }, { additionalProperties: false }) },
    );
}
