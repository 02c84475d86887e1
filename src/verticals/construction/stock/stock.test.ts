import { beforeAll, expect, test } from "bun:test";
import fc from "fast-check";
import { Shop } from "../../../../test/construction/shop.ts";
import { openStand } from "../../../../test/construction/stand.ts";

let shop: Shop;
beforeAll(async () => {
  shop = await Shop.open(await openStand());
}, 60_000);

const levelOf = async (product_id: string) =>
  (await shop.get(`/stock?product_id=${product_id}`)).body.items[0].quantity;

test("`in` adds, `out` takes what is there, `adjustment` sets: as a model of thousandths reckons it", async () => {
  const move = fc.record({
    movement_type: fc.constantFrom("in", "out", "adjustment"),
    units: fc.integer({ min: 0, max: 5_000 }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(move, { maxLength: 8 }), async (moves) => {
      const product_id = await shop.product();
      let level = 0;
      let changes = 0;
      for (const { movement_type, units } of moves) {
        const answer = await shop.post("/stock/movements", { product_id, movement_type, quantity: units / 1000 });
        if (units === 0 && movement_type !== "adjustment") {
          expect(answer.status).toBe(422);
          continue;
        }
        if (movement_type === "out" && units > level) {
          expect(answer.status).toBe(409);
          continue;
        }
        const next = movement_type === "in" ? level + units : movement_type === "out" ? level - units : units;
        expect([answer.status, answer.body.old_quantity, answer.body.new_quantity]).toEqual([
          201,
          (level / 1000).toFixed(3),
          (next / 1000).toFixed(3),
        ]);
        if (next !== level) changes++;
        level = next;
      }
      expect(await levelOf(product_id)).toBe((level / 1000).toFixed(3));
      // Every change of a level is told, and nothing that is none.
      const told = (await shop.events("stock_updated")).filter(({ key }) => key === product_id);
      expect(told).toHaveLength(changes);
    }),
    { numRuns: 20 },
  );
}, 60_000);

test("a sale may take more than there is", async () => {
  const [product_id, customer_id] = await Promise.all([shop.product(), shop.customer()]);
  const id = await shop.order({
    customer_id,
    items: [
      { product_id, quantity: "2.5" },
      { product_id, quantity: 1 },
    ],
  });
  for (const status of ["preparing", "out_for_delivery", "delivered"])
    await shop.post(`/orders/${id}/status`, { status });
  expect(await levelOf(product_id)).toBe("-3.500");
  const [move] = (await shop.get(`/stock/movements?product_id=${product_id}`)).body.items;
  expect(move).toMatchObject({ movement_type: "sale", quantity: "3.500", old_quantity: "0.000", order_id: id });
});

test("a movement is found at its Location; nobody enters a sale by hand", async () => {
  const product_id = await shop.product();
  const made = await shop.post("/stock/movements", { product_id, movement_type: "in", quantity: 1, reason: "NF 1" });
  expect((await shop.get(made.headers.get("location")?.slice("/api/v1".length) ?? "")).body).toEqual(made.body);
  expect((await shop.post("/stock/movements", { product_id, movement_type: "sale", quantity: 1 })).status).toBe(422);
});
