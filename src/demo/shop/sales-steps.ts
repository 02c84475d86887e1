import { changeOrderStatus } from "../../verticals/construction/orders/progress.ts";
import { createOrder } from "../../verticals/construction/orders/service.ts";
import { convertQuote } from "../../verticals/construction/quotes/convert.ts";
import { approveQuote, cancelQuote, sendQuote } from "../../verticals/construction/quotes/progress.ts";
import { createQuote } from "../../verticals/construction/quotes/service.ts";
import { quantityText } from "../amount-text.ts";
import type { BasketLine } from "../basket.ts";
import type { Sale } from "./sales-plan.ts";
import type { Step } from "./step.ts";

/** Who and what the history has made so far: ids by their places in the plan. */
export interface Made {
  products: string[];
  customers: string[];
  /** Of the customers that build something; by customer. */
  sites: Map<number, string>;
}

/** Everything that happened in one sale. */
export function saleSteps(made: Made, { customer, lines, discount_percent, quote, order }: Sale): Step[] {
  const steps: Step[] = [];
  const body = () => ({
    customer_id: made.customers[customer] ?? "",
    job_site_id: made.sites.get(customer) ?? null,
    discount_percent,
    delivery_date: order?.delivery_date ?? null,
    items: itemsOf(made, lines),
  });
  let order_id = "";
  if (quote) {
    let quote_id = "";
    const step = (at: number, by: Step["by"], act: Step["act"]) => steps.push({ at, by, act });
    step(quote.made, "seller", async (work) => {
      quote_id = (await createQuote(work, body())).id;
    });
    step(quote.sent, "seller", async (work) => void (await sendQuote(work, quote_id)));
    if (quote.outcome === "cancelled") {
      step(quote.decided, "admin", async (work) => void (await cancelQuote(work, quote_id)));
    }
    if (order) {
      step(quote.decided, "admin", async (work) => void (await approveQuote(work, quote_id)));
      step(order.made, "admin", async (work) => {
        order_id = (await convertQuote(work, quote_id)).order.id;
      });
    }
  } else if (order) {
    const act: Step["act"] = async (work) => {
      order_id = (await createOrder(work, body())).id;
    };
    steps.push({ at: order.made, by: "seller", act });
  }
  if (!order) return steps;
  const courses = [
    [order.preparing, "preparing"],
    ...(order.cancelled === null
      ? ([
          [order.out, "out_for_delivery"],
          [order.delivered, "delivered"],
        ] as const)
      : ([[order.cancelled, "cancelled"]] as const)),
  ] as const;
  for (const [at, status] of courses) {
    steps.push({ at, by: "seller", act: async (work) => void (await changeOrderStatus(work, order_id, status)) });
  }
  return steps;
}

function itemsOf({ products }: Made, lines: readonly BasketLine[]) {
  return lines.map(({ material, milli }) => ({ product_id: products[material] ?? "", quantity: quantityText(milli) }));
}
