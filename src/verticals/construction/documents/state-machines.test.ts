import { beforeAll, expect, test } from "bun:test";
import fc from "fast-check";
import { Shop } from "../../../../test/construction/shop.ts";
import { openStand } from "../../../../test/construction/stand.ts";
import { ORDER_STATUSES, type OrderStatus } from "../orders/status.ts";
import { approveQuote, sendQuote } from "../quotes/progress.ts";
import type { QuoteStatus } from "../quotes/status.ts";

let shop: Shop;
let product_id: string;
let customer_id: string;
beforeAll(async () => {
  shop = await Shop.open(await openStand());
  [product_id, customer_id] = await Promise.all([shop.product(), shop.customer()]);
}, 60_000);

const items = () => [{ product_id, quantity: 1 }];

// The models are the domain's sentences written down again, not the program's tables.

const QUOTE: Record<string, { from: QuoteStatus[]; to: QuoteStatus }> = {
  send: { from: ["draft"], to: "sent" },
  approve: { from: ["sent"], to: "approved" },
  convert: { from: ["approved"], to: "converted" },
  cancel: { from: ["draft", "sent", "approved"], to: "cancelled" },
};

test("a quote goes draft → sent → approved → converted, is cancelled before that, and changes as a draft only", async () => {
  const steps = fc.array(fc.constantFrom("send", "approve", "convert", "cancel", "change"), { maxLength: 8 });
  await fc.assert(
    fc.asyncProperty(steps, async (walk) => {
      const id = await shop.quote({ customer_id, items: items() });
      let status: QuoteStatus = "draft";
      let order_id: string | null = null;
      for (const step of walk) {
        const rule = QUOTE[step];
        if (!rule) {
          const answer = await shop.patch(`/quotes/${id}`, { notes: "changed" });
          expect(answer.status).toBe(status === "draft" ? 200 : 409);
          continue;
        }
        const answer = await shop.post(`/quotes/${id}/${step}`);
        if (step === "convert" && order_id !== null) {
          expect([answer.status, answer.body.id]).toEqual([200, order_id]);
        } else if (rule.from.includes(status)) {
          expect(answer.status).toBe(step === "convert" ? 201 : 200);
          if (step === "convert") order_id = answer.body.id;
          status = rule.to;
        } else {
          expect([answer.status, answer.body.type]).toEqual([409, "urn:basecommerce:problem:wrong_transition"]);
          expect(answer.body.detail).toContain("allowed: ");
        }
      }
      const { body } = await shop.get(`/quotes/${id}`);
      expect([body.status, body.order_id]).toEqual([status, order_id]);
    }),
    { numRuns: 25 },
  );
}, 60_000);

const ORDER: Record<OrderStatus, OrderStatus[]> = {
  pending: ["preparing", "cancelled"],
  preparing: ["out_for_delivery", "cancelled"],
  out_for_delivery: ["delivered", "cancelled"],
  delivered: [],
  cancelled: [],
};

test("an order goes pending → preparing → out_for_delivery → delivered, or is cancelled before that", async () => {
  const likely = ["preparing", "out_for_delivery", "delivered"] as const;
  const steps = fc.array(fc.constantFrom(...ORDER_STATUSES, ...likely, ...likely, "cancel" as const), { maxLength: 8 });
  await fc.assert(
    fc.asyncProperty(steps, async (walk) => {
      const before = await level();
      const id = await shop.order({ customer_id, items: items() });
      let status: OrderStatus = "pending";
      for (const step of walk) {
        const wanted = step === "cancel" ? "cancelled" : step;
        const answer =
          step === "cancel"
            ? await shop.post(`/orders/${id}/cancel`)
            : await shop.post(`/orders/${id}/status`, { status: step });
        if (ORDER[status].includes(wanted)) {
          expect([answer.status, answer.body.status]).toEqual([200, wanted]);
          status = wanted;
        } else {
          expect(answer.status).toBe(409);
          for (const allowed of ORDER[status]) expect(answer.body.detail).toContain(allowed);
        }
        const moved = await shop.patch(`/orders/${id}`, { delivery_date: "2026-03-09" });
        expect(moved.status).toBe(status === "pending" ? 200 : 409);
      }
      expect((await shop.get(`/orders/${id}`)).body.status).toBe(status);
      expect(await level()).toBe(status === "delivered" ? before - 1 : before);
    }),
    { numRuns: 25 },
  );
}, 60_000);

async function level(): Promise<number> {
  return Number((await shop.get(`/stock?product_id=${product_id}`)).body.items[0].quantity);
}

test("a quote can be approved until `valid_days` after it was sent, to the microsecond", async () => {
  const id = await shop.quote({ customer_id, valid_days: 2, items: items() });
  await shop.work((work) => sendQuote(work, id), { now: "2026-03-02T14:05:09.123456Z" });
  const late = shop.work((work) => approveQuote(work, id), { now: "2026-03-04T14:05:09.123457Z" });
  await expect(late).rejects.toThrow("valid until 2026-03-04T14:05:09.123456Z");
  const approved = await shop.work((work) => approveQuote(work, id), { now: "2026-03-04T14:05:09.123456Z" });
  expect([approved.status, approved.approved_at]).toEqual(["approved", "2026-03-04T14:05:09.123456Z"]);
});

test("sellers decide on quotes only where the shop lets them", async () => {
  const id = await shop.quote({ customer_id, items: items() });
  expect((await shop.post(`/quotes/${id}/send`, undefined, { as: "seller" })).status).toBe(200);
  for (const step of ["approve", "convert", "cancel"]) {
    expect((await shop.post(`/quotes/${id}/${step}`, undefined, { as: "seller" })).status).toBe(403);
  }
  const trusting = await Shop.open(shop.stand, "confianca", { sellers_approve: true });
  const [product, customer] = await Promise.all([trusting.product(), trusting.customer()]);
  const other = await trusting.quote({ customer_id: customer, items: [{ product_id: product, quantity: 1 }] });
  const statuses: number[] = [];
  for (const step of ["send", "approve", "convert"]) {
    statuses.push((await trusting.post(`/quotes/${other}/${step}`, undefined, { as: "seller" })).status);
  }
  expect(statuses).toEqual([200, 200, 201]);
});
