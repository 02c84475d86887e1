import { defineEngine, PermanentError, RetryLater, Type, t, unprocessable } from "@basecommerce/engine";

/** An engine that does a little of everything an engine can do. */
export default defineEngine({
  name: "tally",
  version: "1.2.0",
  description: "Counts what is sold and tells the outside world of large sales",
  from: "beginning",
  config: Type.Object({ large_from: Type.Number({ default: 1000 }) }),
  tables: { kept: ["note"] },
  migrations: [
    {
      id: "0001_tally",
      up: `create table sold (tenant_id uuid not null, product_id uuid not null, quantity numeric(18,3) not null,
             attempt integer not null, primary key (tenant_id, product_id));
           create table outbox (tenant_id uuid not null, order_id uuid not null, sent boolean not null default false);
           create table note (tenant_id uuid not null, text text not null)`,
    },
  ],
  emits: {
    large_sale: {
      version: 1,
      key: "order_id",
      payload: Type.Object({ order_id: Type.String(), value: Type.String() }),
    },
  },
  retry: { attempts: 3, first_pause_ms: 1 },
  subscriptions: {
    construction: {
      sale_recorded: async ({ tenant_id, payload }, { db, config, emit, attempt, log }) => {
        if (payload.total_value === "0.00") throw new PermanentError("a sale of nothing");
        if (payload.total_value === "1.00") throw new RetryLater(60_000, "too early");
        if (payload.total_value === "2.00" && attempt < 3) throw new Error(`attempt ${attempt}`);
        for (const { product_id, quantity } of payload.items) {
          await db.query(
            `insert into sold values ($1, $2, $3, $4)
             on conflict (tenant_id, product_id) do update set quantity = sold.quantity + excluded.quantity`,
            [tenant_id, product_id, quantity, attempt],
          );
        }
        if (Number(payload.total_value) < config.large_from) return;
        log.info({ order_id: payload.order_id }, "a large sale");
        await db.query("insert into outbox values ($1, $2)", [tenant_id, payload.order_id]);
        emit("large_sale", { order_id: payload.order_id, value: payload.total_value });
      },
    },
  },
  jobs: {
    send: {
      every: "30s",
      run: async ({ everywhere }) => {
        await everywhere((db) => db.query("update outbox set sent = true"));
      },
    },
    fail: {
      cron: "0 3 * * *",
      run: async () => {
        throw new Error("no answer");
      },
    },
  },
  routes: (app) =>
    app
      .get("/sold", async ({ db }) => ({ items: await db.query("select product_id, quantity from sold") }))
      .post(
        "/notes",
        async ({ body, db, tenant, user, status }) => {
          if (body.text === "") throw unprocessable([{ path: "/text", message: "is empty" }]);
          await db.query("insert into note values ($1, $2)", [tenant.tenant_id, `${user.role}: ${body.text}`]);
          return status(201, { text: body.text });
        },
        { access: "admin", body: t.Object({ text: t.String() }, { additionalProperties: false }) },
      ),
  reset: async ({ log }) => log.info({}, "reset"),
});
