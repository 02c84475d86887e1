import {
  conflict,
  type EngineApp,
  type EngineDb,
  keyOfCursor,
  notFound,
  pageOf,
  pageQuery,
  t,
  unprocessable,
} from "@basecommerce/engine";
import { eventTypes } from "./event-types.ts";
import { giveUp, RETIRED } from "./outbox.ts";
import { newSecret } from "./signature.ts";
import { refusalOf } from "./target.ts";

/** More than anybody needs, few enough that a batch stays a batch. */
const MAX_ENDPOINTS = 20;
/** Each is a signature in a header. */
const MAX_RETIRED = 10;

type Endpoint = {
  id: string;
  url: string;
  description: string | null;
  /** Null = every type. */
  event_types: string[] | null;
  active: boolean;
  /** Why it was switched off by itself. */
  inactive_reason: string | null;
  failing_since: string | null;
  created_at: string;
};

const columns = "id, url, description, event_types, active, inactive_reason, failing_since, created_at";
const path = t.Object({ id: t.String({ format: "uuid" }) });
const Url = t.String({ minLength: 1, maxLength: 2000 });
const Description = t.Union([t.String({ maxLength: 500 }), t.Null()]);
const Types = t.Union([
  t.Array(t.Union(eventTypes.map((type) => t.Literal(type))), { minItems: 1, maxItems: 100 }),
  t.Null(),
]);

function requireUrl(url: string): void {
  const message = refusalOf(url);
  if (message !== undefined) throw unprocessable([{ path: "/url", message }]);
}

/** Whether the day is in the calendar too: the format lets 30 February pass, the parser makes a day of March of it. */
function isInstant(text: string): boolean {
  const day = new Date(`${text.slice(0, 10)}T00:00:00Z`);
  return !Number.isNaN(Date.parse(text)) && day.toISOString().slice(0, 10) === text.slice(0, 10);
}

async function getEndpoint(db: EngineDb, tenant_id: string, id: string): Promise<Endpoint> {
  const [endpoint] = await db.query<Endpoint>(
    `select ${columns} from endpoints where tenant_id = $1 and id = $2 for update`,
    [tenant_id, id],
  );
  if (!endpoint) throw notFound("endpoint");
  return endpoint;
}

/** Where a shop wants its events: `/endpoints`, for admins. The secret is shown when it is made and never again. */
export function endpointRoutes<Config>(app: EngineApp<Config>) {
  return app
    .get(
      "/endpoints",
      async ({ db, tenant, query: { limit = 50, cursor } }) => {
        const after = cursor === undefined ? null : keyOfCursor(cursor, /^[0-9a-f-]{36}$/);
        const rows = await db.query<Endpoint>(
          `select ${columns} from endpoints where tenant_id = $1 and ($2::uuid is null or id > $2) order by id limit $3`,
          [tenant.tenant_id, after, limit + 1],
        );
        return pageOf(rows, limit, ({ id }) => id);
      },
      { access: "admin", query: t.Object(pageQuery, { additionalProperties: false }) },
    )
    .post(
      "/endpoints",
      async ({ db, tenant: { tenant_id }, body, set }) => {
        requireUrl(body.url);
        const [count] = await db.query<{ count: number }>("select count(*) from endpoints where tenant_id = $1", [
          tenant_id,
        ]);
        if ((count?.count ?? 0) >= MAX_ENDPOINTS) {
          throw conflict("too_many_endpoints", `a shop has at most ${MAX_ENDPOINTS} endpoints`);
        }
        const secret = newSecret();
        const types = body.event_types ? JSON.stringify(body.event_types) : null;
        const [endpoint] = await db.query<Endpoint>(
          `insert into endpoints (tenant_id, id, url, description, event_types, secret, created_at)
           values ($1, $2, $3, $4, $5::text::jsonb, $6, now()) returning ${columns}`,
          [tenant_id, Bun.randomUUIDv7(), body.url, body.description ?? null, types, secret],
        );
        set.status = 201;
        return { ...endpoint, secret };
      },
      {
        access: "admin",
        body: t.Object(
          { url: Url, description: t.Optional(Description), event_types: t.Optional(Types) },
          { additionalProperties: false },
        ),
      },
    )
    .patch(
      "/endpoints/:id",
      async ({ db, tenant: { tenant_id }, params: { id }, body }) => {
        if (body.url !== undefined) requireUrl(body.url);
        const before = await getEndpoint(db, tenant_id, id);
        const { url, description, event_types, active } = { ...before, ...body };
        const [endpoint] = await db.query<Endpoint>(
          `update endpoints set url = $3, description = $4, event_types = $5::text::jsonb, active = $6,
             inactive_reason = case when $6 then null else inactive_reason end,
             failing_since = case when $6 and not active or $3 <> url then null else failing_since end
           where tenant_id = $1 and id = $2 returning ${columns}`,
          [tenant_id, id, url, description, event_types ? JSON.stringify(event_types) : null, active],
        );
        if (!active) await giveUp(db, id);
        return endpoint;
      },
      {
        access: "admin",
        params: path,
        body: t.Object(
          {
            url: t.Optional(Url),
            description: t.Optional(Description),
            event_types: t.Optional(Types),
            active: t.Optional(t.Boolean()),
          },
          { additionalProperties: false },
        ),
      },
    )
    .delete(
      "/endpoints/:id",
      async ({ db, tenant: { tenant_id }, params: { id }, set }) => {
        await getEndpoint(db, tenant_id, id);
        await db.query("delete from endpoints where tenant_id = $1 and id = $2", [tenant_id, id]);
        set.status = 204;
      },
      { access: "admin", params: path },
    )
    .post(
      "/endpoints/:id/rotate-secret",
      async ({ db, tenant: { tenant_id }, params: { id } }) => {
        const endpoint = await getEndpoint(db, tenant_id, id);
        const secret = newSecret();
        const changed = await db.query(
          `update endpoints p set secret = $3, retired_secrets = ${RETIRED}
             || jsonb_build_object('secret', secret, 'until', now() + interval '24 hours')
           where tenant_id = $1 and id = $2 and jsonb_array_length(${RETIRED}) < $4 returning 1`,
          [tenant_id, id, secret, MAX_RETIRED],
        );
        if (changed.length === 0) {
          throw conflict("too_many_secrets", `the secret was changed ${MAX_RETIRED} times within 24 hours`);
        }
        return { ...endpoint, secret };
      },
      { access: "admin", params: path },
    )
    .post(
      "/endpoints/:id/recover",
      async ({ db, tenant: { tenant_id }, params: { id }, body: { since } }) => {
        await getEndpoint(db, tenant_id, id);
        if (!isInstant(since)) throw unprocessable([{ path: "/since", message: "must be an instant" }]);
        const [endpoint] = await db.query<Endpoint>(
          `update endpoints set active = true, inactive_reason = null, failing_since = null
           where tenant_id = $1 and id = $2 returning ${columns}`,
          [tenant_id, id],
        );
        const [{ queued = 0 } = {}] = await db.query<{ queued: number }>(
          `with again as (
             update deliveries set status = 'pending', attempts = 0, queued_at = now(), next_attempt_at = now()
             where tenant_id = $1 and endpoint_id = $2 and status = 'failed' and created_at >= $3::timestamptz returning 1)
           select count(*)::int as queued from again`,
          [tenant_id, id, new Date(since).toISOString()],
        );
        return { ...endpoint, queued };
      },
      {
        access: "admin",
        params: path,
        body: t.Object({ since: t.String({ format: "date-time" }) }, { additionalProperties: false }),
      },
    );
}
