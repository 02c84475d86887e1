import { beforeAll, expect, test } from "bun:test";
import { Shop } from "../../../../test/construction/shop.ts";
import { openStand } from "../../../../test/construction/stand.ts";
import { changeOrderStatus } from "../orders/progress.ts";
import { createOrder } from "../orders/service.ts";
import { convertQuote } from "../quotes/convert.ts";
import { approveQuote, sendQuote } from "../quotes/progress.ts";
import { createQuote } from "../quotes/service.ts";
import { readDashboard } from "./service.ts";

let shop: Shop;
let sale: { customer_id: string; items: { product_id: string; quantity: number }[] };
beforeAll(async () => {
  shop = await Shop.open(await openStand());
  const [product_id, customer_id] = await Promise.all([shop.product(), shop.customer()]);
  sale = { customer_id, items: [{ product_id, quantity: 1 }] };
}, 60_000);

// Wednesday 2026-03-04, 00:30 in São Paulo (UTC−3): in UTC the day began three hours before the shop's.
const NOW = "2026-03-04T03:30:00.000000Z";

async function delivered(now: string): Promise<void> {
  await shop.work(
    async (work) => {
      const { id } = await createOrder(work, sale);
      for (const status of ["preparing", "out_for_delivery", "delivered"] as const) {
        await changeOrderStatus(work, id, status);
      }
    },
    { now },
  );
}

async function approved(now: string, convert: boolean): Promise<void> {
  await shop.work(
    async (work) => {
      const { id } = await createQuote(work, sale);
      await sendQuote(work, id);
      await approveQuote(work, id);
      if (convert) await convertQuote(work, id);
    },
    { now },
  );
}

test("an empty shop has no conversion rate", async () => {
  expect(await shop.work(readDashboard, { now: NOW })).toEqual({
    date: "2026-03-04",
    time_zone: "America/Sao_Paulo",
    quotes_today: 0,
    orders_today: 0,
    revenue_this_week: expect.stringMatching(/^0\.00$/),
    conversion_rate: null,
    latest_quotes: [],
  });
});

test("days, weeks and the last 30 days are the shop's", async () => {
  await delivered("2026-03-01T23:00:00.000000Z"); // Sunday: last week
  await delivered("2026-03-02T02:59:59.999999Z"); // still Sunday in São Paulo
  await delivered("2026-03-02T03:00:00.000000Z"); // Monday
  await delivered("2026-03-04T03:00:00.000000Z"); // today
  await approved("2026-02-03T02:59:59.999999Z", true); // 31 days ago
  await approved("2026-02-03T03:00:00.000000Z", true); // the first of the 30 days
  await approved("2026-03-03T12:00:00.000000Z", false);
  await approved("2026-03-04T03:10:00.000000Z", true); // today
  const { latest_quotes, ...figures } = await shop.work(readDashboard, { now: NOW });
  expect(figures).toMatchObject({
    quotes_today: 1,
    orders_today: 2,
    revenue_this_week: "20.00",
    conversion_rate: "66.67",
  });
  expect(latest_quotes.map(({ number }) => number)).toEqual(["Q-000004", "Q-000003", "Q-000002", "Q-000001"]);
});

test("the endpoint answers so", async () => {
  const { status, body } = await shop.get("/dashboard");
  expect([status, body.latest_quotes.length]).toEqual([200, 4]);
});
