import {
  type EngineApp,
  type EngineDb,
  type EngineTenant,
  notFound,
  type Row,
  t,
  unprocessable,
} from "@basecommerce/engine";
import { AmountGiven, amountOf } from "./amount.ts";
import { MAX_WINDOW_DAYS, type StockConfig } from "./config.ts";
import { figuresOf } from "./figures.ts";

interface Parameters extends Row {
  minimum: string | null;
  maximum: string | null;
  lead_time_days: number | null;
  safety_stock_percent: string | null;
  window_days: number | null;
  updated_at: string | null;
}

const NONE: Parameters = {
  minimum: null,
  maximum: null,
  lead_time_days: null,
  safety_stock_percent: null,
  window_days: null,
  updated_at: null,
};

const Body = t.Object(
  {
    minimum: t.Optional(t.Union([AmountGiven, t.Null()])),
    maximum: t.Optional(t.Union([AmountGiven, t.Null()])),
    lead_time_days: t.Optional(t.Union([t.Integer({ minimum: 1, maximum: 365 }), t.Null()])),
    safety_stock_percent: t.Optional(t.Union([AmountGiven, t.Null()])),
    window_days: t.Optional(t.Union([t.Integer({ minimum: 1, maximum: MAX_WINDOW_DAYS }), t.Null()])),
  },
  { additionalProperties: false },
);

const path = t.Object({ product_id: t.String({ format: "uuid" }) });

/** `GET|PUT /parameters/{product_id}`: what counts for one product instead of the shop's configuration. */
export function parameterRoutes(app: EngineApp<StockConfig>) {
  return app
    .get(
      "/parameters/:product_id",
      async ({ db, tenant, config, params: { product_id } }) => {
        await requireProduct(db, tenant.tenant_id, product_id);
        const [set = NONE] = await db.query<Parameters>(
          `select minimum, maximum, lead_time_days, safety_stock_percent, window_days, updated_at
           from parameters where tenant_id = $1 and product_id = $2`,
          [tenant.tenant_id, product_id],
        );
        return { product_id, ...set, in_effect: await inEffect(db, tenant, config, product_id) };
      },
      { params: path },
    )
    .put(
      "/parameters/:product_id",
      async ({ db, tenant, config, params: { product_id }, body }) => {
        await requireProduct(db, tenant.tenant_id, product_id);
        const [set = NONE] = await db.query<Parameters>(
          `insert into parameters (tenant_id, product_id, minimum, maximum, lead_time_days, safety_stock_percent,
                                   window_days, updated_at)
           values ($1, $2, $3::numeric, $4::numeric, $5, $6::numeric, $7, now())
           on conflict (tenant_id, product_id) do update set
             minimum = excluded.minimum, maximum = excluded.maximum, lead_time_days = excluded.lead_time_days,
             safety_stock_percent = excluded.safety_stock_percent, window_days = excluded.window_days,
             updated_at = excluded.updated_at
           returning minimum, maximum, lead_time_days, safety_stock_percent, window_days, updated_at`,
          [
            tenant.tenant_id,
            product_id,
            ...bounds(body.minimum, body.maximum),
            body.lead_time_days ?? null,
            read(body.safety_stock_percent, "/safety_stock_percent", 2, 3, 500),
            body.window_days ?? null,
          ],
        );
        return { product_id, ...set, in_effect: await inEffect(db, tenant, config, product_id) };
      },
      { params: path, body: Body },
    );
}

type Given = string | number | null | undefined;

function bounds(minimum: Given, maximum: Given): [string | null, string | null] {
  const low = read(minimum, "/minimum", 3, 15);
  const high = read(maximum, "/maximum", 3, 15);
  if (low !== null && high !== null && scaled(high) < scaled(low)) {
    throw unprocessable([{ path: "/maximum", message: "must not be below the minimum" }]);
  }
  return [low, high];
}

function read(given: Given, path: string, places: number, digits: number, most?: number): string | null {
  if (given === undefined || given === null) return null;
  const text = amountOf(given, places, digits);
  if (text === undefined || (most !== undefined && scaled(text) > BigInt(most) * 10n ** BigInt(places))) {
    const limit = most === undefined ? "" : ` and at most ${most}`;
    throw unprocessable([{ path, message: `must be a decimal with at most ${places} places, not negative${limit}` }]);
  }
  return text;
}

/** Decimal text of one scale as a whole number, for comparing exactly. */
function scaled(text: string): bigint {
  return BigInt(text.replace(".", ""));
}

async function requireProduct(db: EngineDb, tenant_id: string, product_id: string): Promise<void> {
  const [known] = await db.query("select 1 from products where tenant_id = $1 and product_id = $2", [
    tenant_id,
    product_id,
  ]);
  if (!known) throw notFound("product");
}

/** The bounds as they count today; null for a product that is no longer sold. */
async function inEffect(db: EngineDb, tenant: EngineTenant, config: StockConfig, product_id: string) {
  const [figures] = await figuresOf(db, tenant, config, product_id);
  if (!figures) return null;
  const { level, average_daily_demand, minimum, maximum, days_to_rupture } = figures;
  return { level, average_daily_demand, minimum, maximum, days_to_rupture };
}
