import { daysAgo, History, id } from "../../test/engines/history.ts";

/** The day everything is to be delivered on. */
export const DAY = "2026-03-02";

export type Step = "pending" | "preparing" | "out_for_delivery" | "delivered" | "cancelled";

/** Writes down what happens to numbered orders. */
export class Orders extends History {
  order(number: number, postal_code: string | null, at = daysAgo(0), delivery_date: string | null = DAY): this {
    const place = { street: "Rua A", number: String(number), district: null, city: "Campinas", state: "SP" };
    const order_id = id("order", number);
    const payload = {
      order_id,
      number: `O-${String(number).padStart(6, "0")}`,
      quote_id: null,
      customer_id: id("customer", number % 2),
      customer_name: `Customer ${number % 2}`,
      job_site_id: null,
      delivery_date,
      delivery_address: postal_code === null ? null : { ...place, postal_code },
      total_value: "10.00",
      items: [],
    };
    return this.add("order_created", order_id, payload, at);
  }

  step(number: number, old_status: Step, new_status: Step, at = daysAgo(0)): this {
    const order_id = id("order", number);
    return this.add(
      "order_status_changed",
      order_id,
      { order_id, old_status, new_status, changed_at: at, user_id: null },
      at,
    );
  }

  rescheduled(number: number, delivery_date: string | null, at = daysAgo(0)): this {
    const order_id = id("order", number);
    return this.add("order_rescheduled", order_id, { order_id, delivery_date, user_id: null }, at);
  }

  prepared(number: number, postal_code: string | null): this {
    return this.order(number, postal_code).step(number, "pending", "preparing");
  }

  /** A moment from now: after whatever was entered until then, to the microsecond. */
  anonymized(number: number, at = daysAgo(0, 1)): this {
    const customer_id = id("customer", number);
    return this.add("customer_anonymized", customer_id, { customer_id, user_id: null }, at);
  }
}
