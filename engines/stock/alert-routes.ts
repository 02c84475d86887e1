import { conflict, type EngineApp, notFound, pageQuery, t } from "@basecommerce/engine";
import { type Alert, alertsOf } from "./alerts.ts";
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
        const { kind, risk, status, product_id } = query;
        const standing = risk !== undefined || (status !== undefined && status !== "resolved");
        const found = (await alertsOf(db, tenant, config, { product_id, standing })).filter(
          (alert) =>
            (kind === undefined || alert.kind === kind) &&
            (risk === undefined || alert.risk === risk) &&
            (status === undefined || alert.status === status),
        );
        return page(found, query, keyOf);
      },
      { query: AlertQuery },
    )
    .post(
      "/alerts/:id/acknowledge",
      async ({ db, tenant, config, user, params: { id } }) => {
        const alert = (await alertsOf(db, tenant, config)).find((known) => known.id === id.toLowerCase());
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
function keyOf({ status, kind, days_to_rupture, id }: Alert): string {
  const urgency = kind === "rupture" ? String(days_to_rupture ?? 0).padStart(7, "0") : "x";
  return `${STATUS_ORDER[status]} ${urgency} ${id}`;
}
