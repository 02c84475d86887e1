import { conflict, type EngineApp, keyOfCursor, pageOf, pageQuery, t } from "@basecommerce/engine";
import type { DeliveryConfig } from "./config.ts";
import { calendarDay, Day } from "./day.ts";
import { type Delivery, getDelivery, hasLeft, listDeliveries, STATUSES, storyOf } from "./deliveries.ts";
import { imageOf } from "./image.ts";

const path = t.Object({ order_id: t.String({ format: "uuid" }) });
const KINDS = ["missing_item", "wrong_item", "customer_absent", "refused", "other"] as const;
/** What it must hold is for `imageOf` to say, in words. */
const Image = t.Optional(t.Union([t.String(), t.Null()]));

/** Deliveries and what happens on the way: `/deliveries`. */
export function deliveryRoutes(app: EngineApp<DeliveryConfig>) {
  return app
    .get(
      "/deliveries",
      async ({ db, tenant, query: { limit = 50, cursor, status, date } }) => {
        if (date !== undefined) calendarDay(date, "/date");
        const before = cursor === undefined ? undefined : keyOfCursor(cursor, /^[0-9a-f-]{36}$/);
        const rows = await listDeliveries(db, tenant.tenant_id, { status, date, before, limit: limit + 1 });
        return pageOf(rows, limit, ({ order_id }) => order_id);
      },
      {
        query: t.Object(
          {
            ...pageQuery,
            status: t.Optional(t.Union(STATUSES.map((status) => t.Literal(status)))),
            date: t.Optional(Day),
          },
          { additionalProperties: false },
        ),
      },
    )
    .get(
      "/deliveries/:order_id",
      async ({ db, tenant: { tenant_id }, params: { order_id } }) => {
        const delivery = await getDelivery(db, tenant_id, order_id);
        return { ...delivery, ...(await storyOf(db, tenant_id, order_id)) };
      },
      { params: path },
    );
}

/** What people at the door report. */
export function doorRoutes(app: EngineApp<DeliveryConfig>) {
  return app
    .post(
      "/deliveries/:order_id/arrived",
      async ({ db, tenant: { tenant_id }, user, params: { order_id } }) => {
        const delivery = await getDelivery(db, tenant_id, order_id);
        requireStatus(delivery, "out_for_delivery", "arrived");
        await db.query(
          `insert into arrivals (tenant_id, order_id, arrived_at, user_id) values ($1, $2, now(), $3)
           on conflict do nothing`,
          [tenant_id, order_id, user.id],
        );
        return { ...(await getDelivery(db, tenant_id, order_id)), ...(await storyOf(db, tenant_id, order_id)) };
      },
      { params: path },
    )
    .post(
      "/deliveries/:order_id/occurrences",
      async ({ db, tenant: { tenant_id }, user, params: { order_id }, body, set }) => {
        const delivery = await getDelivery(db, tenant_id, order_id);
        requireStatus(delivery, "out_for_delivery", "arrived", "delivered", "cancelled");
        if (delivery.status === "cancelled" && !(await hasLeft(db, tenant_id, order_id))) {
          throw conflict("wrong_status", "the delivery was cancelled before it left");
        }
        const [occurrence] = await db.query(
          `insert into occurrences (tenant_id, order_id, id, kind, description, user_id, occurred_at)
           values ($1, $2, $3, $4, $5, $6, now())
           returning id, order_id, kind, description, user_id, occurred_at`,
          [tenant_id, order_id, Bun.randomUUIDv7(), body.kind, body.description, user.id],
        );
        set.status = 201;
        return occurrence;
      },
      {
        params: path,
        body: t.Object(
          {
            kind: t.Union(KINDS.map((kind) => t.Literal(kind))),
            description: t.String({ minLength: 1, maxLength: 2000, pattern: "\\S" }),
          },
          { additionalProperties: false },
        ),
      },
    )
    .post(
      "/deliveries/:order_id/proof",
      async ({ db, tenant: { tenant_id }, user, params: { order_id }, body, set }) => {
        requireStatus(await getDelivery(db, tenant_id, order_id), "out_for_delivery", "arrived", "delivered");
        const signature = imageOf(body.signature, "/signature");
        const photo = imageOf(body.photo, "/photo");
        const [proof] = await db.query(
          `insert into proofs (tenant_id, order_id, recipient_name, recipient_document, signature, photo, user_id,
                               recorded_at)
           values ($1, $2, $3, $4, $5, $6, $7, now()) on conflict do nothing
           returning order_id, recipient_name, recipient_document, signature, photo, user_id, recorded_at`,
          [tenant_id, order_id, body.recipient_name, body.recipient_document ?? null, signature, photo, user.id],
        );
        if (!proof) throw conflict("proof_given", "there is a proof of this delivery already");
        set.status = 201;
        return proof;
      },
      {
        params: path,
        body: t.Object(
          {
            recipient_name: t.String({ minLength: 1, maxLength: 200, pattern: "\\S" }),
            recipient_document: t.Optional(t.Union([t.String({ minLength: 1, maxLength: 40 }), t.Null()])),
            signature: Image,
            photo: Image,
          },
          { additionalProperties: false },
        ),
      },
    );
}

function requireStatus(delivery: Delivery, ...allowed: Delivery["status"][]): void {
  if (allowed.includes(delivery.status)) return;
  throw conflict("wrong_status", `the delivery is ${delivery.status}; it must be ${allowed.join(" or ")}`);
}
