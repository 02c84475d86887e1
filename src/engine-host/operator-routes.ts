import { Elysia, type Static, t } from "elysia";
import type { Database } from "../platform/database/database.ts";
import { ENGINES } from "../platform/database/roles.ts";
import { operatorContext } from "../platform/http/context.ts";
import { OPERATOR_PREFIX } from "../platform/http/gate.ts";
import { conflict, notFound, unprocessable } from "../platform/http/problem.ts";
import { Id, Instant, oneOf, shape } from "../platform/http/shape.ts";
import { type DeadFilter, deadEvents, deadGroups, dropDead, retryDead } from "./dead-letters.ts";
import { engineInFull, engineSummaries } from "./registry.ts";
import { ReplayRefused, replayLeft, startReplay } from "./replay.ts";

const FILTER = {
  engine: t.Optional(t.String({ maxLength: 63 })),
  event_type: t.Optional(t.String({ maxLength: 100 })),
  tenant_id: t.Optional(Id),
  fingerprint: t.Optional(t.String({ maxLength: 64 })),
  state: t.Optional(oneOf(["parked", "dead"])),
  since: t.Optional(Instant),
};
const SEQ = { minimum: 1, maximum: Number.MAX_SAFE_INTEGER };
const Query = shape({ ...FILTER, seq: t.Optional(t.Numeric(SEQ)) });
const EventsQuery = shape({
  ...FILTER,
  seq: t.Optional(t.Numeric(SEQ)),
  limit: t.Optional(t.Numeric({ minimum: 1, maximum: 1000, multipleOf: 1 })),
});
const Choice = shape({ ...FILTER, seq: t.Optional(t.Integer(SEQ)), all: t.Optional(t.Literal(true)) });
const Name = shape({ name: t.String({ maxLength: 63 }) });

const hidden = { detail: { hide: true } };

/** What operators do on the command line, over HTTP: how engines are, events that failed, replays. Every shop's. */
export function operatorRoutes(database: Database) {
  return new Elysia({ name: "operator", prefix: OPERATOR_PREFIX, normalize: false })
    .use(operatorContext)
    .get("/engines", async () => ({ items: await database.transaction({ role: ENGINES }, engineSummaries) }), hidden)
    .get(
      "/engines/:name",
      async ({ params: { name } }) => {
        const engine = await database.transaction({ role: ENGINES }, (tx) => engineInFull(tx, name));
        if (!engine) throw notFound(`engine ${name}`);
        return engine;
      },
      { params: Name, ...hidden },
    )
    .get(
      "/dead",
      async ({ query }) => ({
        items: await database.transaction({ role: ENGINES }, (tx) => deadGroups(tx, query)),
      }),
      { query: Query, ...hidden },
    )
    .get(
      "/dead/events",
      async ({ query: { limit = 100, ...filter } }) => ({
        items: await database.transaction({ role: ENGINES }, (tx) => deadEvents(tx, filter, limit)),
      }),
      { query: EventsQuery, ...hidden },
    )
    .post(
      "/dead/retry",
      async ({ body }) => ({
        events: await database.transaction({ role: ENGINES }, (tx) => retryDead(tx, chosen(body))),
      }),
      { body: Choice, ...hidden },
    )
    .post(
      "/dead/drop",
      async ({ body }) => ({
        events: await database.transaction({ role: ENGINES }, (tx) => dropDead(tx, chosen(body))),
      }),
      { body: Choice, ...hidden },
    )
    .get(
      "/engines/:name/replay",
      async ({ params: { name } }) => {
        await requireEngine(database, name);
        return { events: await replayLeft(database, name, ENGINES) };
      },
      { params: Name, ...hidden },
    )
    .post(
      "/engines/:name/replay",
      async ({ params: { name }, body: { partial = false }, status }) => {
        await requireEngine(database, name);
        try {
          return status(202, await startReplay(database, name, partial, ENGINES));
        } catch (error) {
          if (error instanceof ReplayRefused) throw conflict(error.code, error.message);
          throw error;
        }
      },
      { params: Name, body: shape({ partial: t.Optional(t.Boolean()) }), ...hidden },
    );
}

/** What changes things must be told what is meant: an empty body must not mean everything. */
function chosen({ all, ...filter }: Static<typeof Choice>): DeadFilter {
  const { engine, state: _, ...narrowing } = filter;
  if (!all && Object.values(narrowing).every((given) => given === undefined)) {
    const message = "say which: event_type, tenant_id, fingerprint, since, seq, or all: true";
    throw unprocessable([{ path: "", message }]);
  }
  if (engine === undefined) throw unprocessable([{ path: "/engine", message: "is missing" }]);
  return filter;
}

async function requireEngine(database: Database, name: string): Promise<void> {
  const [found] = await database.query("select 1 from engine where name = $1", [name]);
  if (!found) throw notFound(`engine ${name}`);
}
