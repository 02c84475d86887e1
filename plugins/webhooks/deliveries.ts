import { conflict, type EngineApp, keyOfCursor, notFound, pageOf, pageQuery, t } from "@basecommerce/engine";

type Delivery = {
  id: string;
  endpoint_id: string;
  event_id: string;
  event_type: string;
  status: "pending" | "delivered" | "failed";
  attempts: number;
  created_at: string;
  next_attempt_at: string | null;
  last_attempt_at: string | null;
  /** HTTP status of the last answer; null when there was none. */
  last_status: number | null;
  last_error: string | null;
};

const columns = `id, endpoint_id, event_id, event_type, status, attempts, created_at, next_attempt_at, last_attempt_at,
  last_status, last_error`;

const Query = t.Object(
  {
    ...pageQuery,
    status: t.Optional(t.Union([t.Literal("pending"), t.Literal("delivered"), t.Literal("failed")])),
  },
  { additionalProperties: false },
);

/** What was sent and what became of it: `/deliveries`, for admins. */
export function deliveryRoutes<Config>(app: EngineApp<Config>) {
  return app
    .get(
      "/deliveries",
      async ({ db, tenant, query: { limit = 50, cursor, status } }) => {
        const [at = null, id = null] =
          cursor === undefined ? [] : keyOfCursor(cursor, /^\d{4}-\d\d-\d\dT[\d:.]{15}Z [0-9a-f-]{36}$/).split(" ");
        const rows = await db.query<Delivery>(
          `select ${columns} from deliveries
           where tenant_id = $1 and ($2::text is null or status = $2)
             and ($3::timestamptz is null or (created_at, id) < ($3, $4::uuid))
           order by created_at desc, id desc limit $5`,
          [tenant.tenant_id, status ?? null, at, id, limit + 1],
        );
        return pageOf(rows, limit, (row) => `${row.created_at} ${row.id}`);
      },
      { access: "admin", query: Query },
    )
    .post(
      "/deliveries/:id/retry",
      async ({ db, tenant: { tenant_id }, params: { id } }) => {
        const [found] = await db.query<{ active: boolean }>(
          `select p.active from deliveries d join endpoints p on p.tenant_id = d.tenant_id and p.id = d.endpoint_id
           where d.tenant_id = $1 and d.id = $2`,
          [tenant_id, id],
        );
        if (!found) throw notFound("delivery");
        if (!found.active) throw conflict("endpoint_inactive", "the endpoint is off; switch it on first");
        const [delivery] = await db.query<Delivery>(
          `update deliveries set status = 'pending', attempts = 0, queued_at = now(), next_attempt_at = now()
           where tenant_id = $1 and id = $2 returning ${columns}`,
          [tenant_id, id],
        );
        return delivery;
      },
      { access: "admin", params: t.Object({ id: t.String({ format: "uuid" }) }) },
    );
}
