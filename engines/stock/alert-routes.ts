import { conflict, type EngineApp, notFound, pageQuery, t } from "@basecommerce/engine";
import { type AlertPlace, alertsOf, alertWith, standingPlaces } from "./alerts.ts";
import type { StockConfig } from "./config.ts";
import { decide } from "./decisions.ts";
import { page } from "./page.ts";

const AlertQuery = t.Object(
  {
    ...pageQuery,
    kind: t.Optional(t.Union([t.Literal("rupture"), t.Literal("excess")])),
    risk: t.Optional(t.Union([t.Literal("high"), t.Literal("medium"), t.Literal("low")])),
    status: t.Optional(t.Union([t.Literal("active"), t.Literal("acknowledged"), t.Literal("resolved")])),
    product_id: t.Optional(t.String({ format: "uuid" })),
  },
  { additionalProperties: false },
);

/** `GET /alerts`, `POST /alerts/{id}/acknowledge`. */
export function alertRoutes(app: EngineApp<StockConfig>) {
  return app
    .get(
      "/alerts",
      async ({ db, tenant, config, query }) => {
        const { kind, risk, status, product_id, limit = 50 } = query;
        const fits = (alert: AlertPlace) =>
          (kind === undefined || alert.kind === kind) &&
          (risk === undefined || alert.risk === risk) &&
          (status === undefined || alert.status === status);
        if (product_id === undefined && status !== "resolved") {
          const places = page((await standingPlaces(db, tenant, config)).filter(fits), query, keyOf);
          const standing_only = risk !== undefined || status !== undefined;
          // What is resolved comes last, and is the only part for which every product's past has to be looked at.
          if (standing_only || (places.items.length === limit && places.next_cursor !== null)) {
            const products = places.items.map(({ product }) => product);
            const alerts = new Map((await alertsOf(db, tenant, config, { products })).map((one) => [one.id, one]));
            return { ...places, items: places.items.flatMap(({ id }) => alerts.get(id) ?? []) };
          }
        }
        return page((await alertsOf(db, tenant, config, { product_id })).filter(fits), query, keyOf);
      },
      { query: AlertQuery },
    )
    .post(
      "/alerts/:id/acknowledge",
      async ({ db, tenant, config, user, params: { id } }) => {
        const alert = await alertWith(db, tenant, config, id.toLowerCase());
        if (!alert) throw notFound("alert");
        if (alert.status === "resolved") throw conflict("alert_resolved", "the alert resolved itself already");
        await decide(db, tenant.tenant_id, alert.product_id, alert.kind, "acknowledged", user.id);
        return { ...alert, status: "acknowledged" };
      },
      { params: t.Object({ id: t.String({ format: "uuid" }) }) },
    );
}

const STATUS_ORDER = { active: 0, acknowledged: 1, resolved: 2 };

/** What stands first, what runs out soonest before the rest. */
function keyOf({ status, kind, days_to_rupture, id }: AlertPlace): string {
  const urgency = kind === "rupture" ? String(days_to_rupture ?? 0).padStart(10, "0") : "x";
  return `${STATUS_ORDER[status]} ${urgency} ${id}`;
}
