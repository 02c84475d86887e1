import { beforeAll, expect, test } from "bun:test";
import { Shop } from "../../../../test/construction/shop.ts";
import { openStand } from "../../../../test/construction/stand.ts";
import { until } from "../../../../test/harness/until.ts";
import { createOrder } from "../orders/service.ts";
import type { ShopWork } from "../work.ts";
import { anonymizeCustomer } from "./anonymize.ts";

const address = { street: "Rua das Acácias", number: "120", city: "Campinas", state: "SP", postal_code: "13010-111" };

const WAITING = "select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";

let shop: Shop;
let product_id: string;
beforeAll(async () => {
  shop = await Shop.open(await openStand());
  product_id = await shop.product();
}, 60_000);

async function person() {
  const customer_id = await shop.customer({ name: "Ana Souza", address });
  const site = await shop.post("/job-sites", { customer_id, name: "Casa da Ana", address });
  const order = { customer_id, job_site_id: site.body.id as string, items: [{ product_id, quantity: 1 }] };
  return { customer_id, site_id: site.body.id as string, order };
}

/** Does `first` and, before it commits, begins `second`; both are done when this is. */
async function overlapping<T>(first: (work: ShopWork) => Promise<unknown>, second: () => Promise<T>): Promise<T> {
  const written = Promise.withResolvers<void>();
  const commit = Promise.withResolvers<void>();
  const holding = shop.work(async (work) => {
    await first(work);
    written.resolve();
    await commit.promise;
  });
  await Promise.race([written.promise, holding]);
  const following = second();
  const waits = until(async () => (await shop.stand.admin.query(WAITING)).length, {
    what: "a lock that somebody waits for",
    unless: following,
  }).catch(() => undefined);
  await Promise.race([waits, following]);
  commit.resolve();
  await holding;
  return await following;
}

test("finds an order that was being written meanwhile", async () => {
  const { customer_id, order } = await person();
  const answer = await overlapping(
    (work) => createOrder(work, order),
    () => shop.post(`/customers/${customer_id}/anonymize`),
  );
  expect(answer.status).toBe(200);
  const [made] = (await shop.get(`/orders?customer_id=${customer_id}`)).body.items;
  expect(made.delivery_address).toBeNull();
  expect(JSON.stringify(await shop.events("order_created"))).not.toContain("Ana");
});

test("an order that waited for it tells nobody's name and address", async () => {
  const { customer_id, order } = await person();
  const answer = await overlapping(
    (work) => anonymizeCustomer(work, customer_id),
    () => shop.post("/orders", order),
  );
  expect(answer.body).toMatchObject({ customer_name: "—", delivery_address: null });
  expect(JSON.stringify(await shop.events("order_created"))).not.toContain("Acácias");
});

test("a job site of nobody takes no name, address or notes again, and can still be closed", async () => {
  const { customer_id, site_id } = await person();
  await shop.post(`/customers/${customer_id}/anonymize`);
  for (const change of [{ name: "Casa da Ana" }, { address }, { notes: "portão da Ana" }]) {
    expect((await shop.patch(`/job-sites/${site_id}`, change)).status).toBe(409);
  }
  expect((await shop.patch(`/job-sites/${site_id}`, { active: false })).body).toMatchObject({
    active: false,
    name: "—",
    address: null,
  });
});

test("what waits or died at an engine is blanked as the ledger is", async () => {
  const { customer_id, order } = await person();
  const key = await shop.order(order);
  const { admin } = shop.stand;
  await admin.query("insert into engine values ('mailer', '1.0.0', 'mails', '{}')");
  await admin.query(
    `insert into parked_event (engine, stream, partition, seq, event_id, tenant_id, event_type, version, key, payload,
                               occurred_at, hops, state, attempts)
     select 'mailer', stream, partition, seq, event_id, tenant_id, event_type, version, key, payload, occurred_at, hops,
            'dead', 5
     from event_log where key = $1 and event_type = 'order_created'`,
    [key],
  );
  await shop.post(`/customers/${customer_id}/anonymize`);
  const [parked] = await admin.query<{ payload: unknown }>("select payload from parked_event where key = $1", [key]);
  expect(parked?.payload).toMatchObject({ customer_name: "—", delivery_address: null, total_value: "10.00" });
});
