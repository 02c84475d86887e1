import { afterAll, expect, test } from "bun:test";
import { defineEngine, Type } from "@basecommerce/engine";
import { testEngine } from "@basecommerce/engine/testing";

const outbox: string[] = [];

/** An engine that can do nothing for a shop before that has said something. */
const mailer = defineEngine({
  name: "low-stock-mailer",
  version: "1.0.0",
  description: "Mails the buyer when a product runs low",
  config: Type.Object({
    recipient: Type.String({ format: "email" }),
    below: Type.Number({ default: 10 }),
  }),
  tables: { kept: ["sent"] },
  migrations: [
    {
      id: "0001_sent",
      up: `create table low (tenant_id uuid not null, product_id uuid not null, primary key (tenant_id, product_id));
           create table sent (tenant_id uuid not null, product_id uuid not null, recipient text not null)`,
    },
  ],
  from: "now",
  subscriptions: {
    construction: {
      stock_updated: async ({ tenant_id, payload: { product_id, new_quantity } }, { db, config }) => {
        if (Number(new_quantity) >= config.below) return;
        await db.query("insert into low values ($1, $2) on conflict do nothing", [tenant_id, product_id]);
      },
    },
  },
  jobs: {
    send: {
      every: "30s",
      run: async ({ everywhere, transaction, settingOf }) => {
        const low = await everywhere((db) => db.query<{ tenant_id: string; product_id: string }>("select * from low"));
        for (const { tenant_id, product_id } of low) {
          const { enabled, config } = await settingOf(tenant_id);
          if (!enabled) continue;
          outbox.push(config.recipient);
          await transaction(tenant_id, async (db) => {
            await db.query("delete from low where product_id = $1", [product_id]);
            await db.query("insert into sent values ($1, $2, $3)", [tenant_id, product_id, config.recipient]);
          });
        }
      },
    },
  },
  routes: (app) => app.get("/sent", ({ db }) => db.query("select recipient from sent")),
});

const engine = await testEngine(mailer, { tenants: { casa: { config: { recipient: "buyer@casa.test" } }, obra: {} } });
afterAll(() => engine.close());

test("what has no default waits for the shop: it derives, and is off until an admin has said what", async () => {
  const stock = {
    ...{ product_id: "018f0000-0000-7000-8000-0000000000aa", movement_type: "out" as const, reason: null },
    ...{ old_quantity: "11.000", new_quantity: "9.000", order_id: null, user_id: null },
  };
  for (const tenant of ["casa", "obra"]) await engine.feed("construction", "stock_updated", stock, { tenant });
  await engine.runJob("send");
  expect(outbox).toEqual(["buyer@casa.test"]);
  expect(await engine.request("GET", "/sent", undefined, { tenant: "casa" })).toMatchObject({
    ...{ status: 200, body: [{ recipient: "buyer@casa.test" }] },
  });
  expect(await engine.request("GET", "/sent", undefined, { tenant: "obra" })).toMatchObject({
    status: 403,
    body: { detail: "engine low-stock-mailer is off for this shop until an admin has set recipient" },
  });

  await expect(engine.configure({ enabled: true }, { tenant: "obra" })).rejects.toThrow("/config/recipient");
  await engine.configure({ config: { recipient: "buyer@obra.test" } }, { tenant: "obra" });
  await engine.runJob("send");
  expect(outbox).toEqual(["buyer@casa.test", "buyer@obra.test"]);
  expect(await engine.request("GET", "/sent", undefined, { tenant: "obra" })).toMatchObject({ status: 200 });
});
