import { Decimal } from "decimal.js";
import { localDay, startOfDay } from "../../test/engines/local-day.ts";
import type { StockEvent } from "./batch.ts";
import type { StockConfig } from "./config.ts";

// The slow, obvious computation that the engine's SQL is checked against: walks the raw history for every question.

const Exact = Decimal.clone({ precision: 60, rounding: Decimal.ROUND_HALF_UP });
const round = (value: Decimal, places = 3) => new Exact(value.toFixed(places, Decimal.ROUND_HALF_UP));

/** What was set for a product. */
export interface Setting {
  minimum: string | null;
  maximum: string | null;
  lead_time_days: number | null;
  safety_stock_percent: number | null;
  window_days: number | null;
  updated_at: string;
}

export class Oracle {
  readonly #events: readonly StockEvent[];
  readonly #zone: string;
  readonly #config: StockConfig;
  readonly #set: ReadonlyMap<string, Setting>;
  readonly #now: string;

  constructor(
    events: readonly StockEvent[],
    zone: string,
    config: StockConfig,
    set: ReadonlyMap<string, Setting>,
    now: string,
  ) {
    this.#events = events;
    this.#zone = zone;
    this.#config = config;
    this.#set = set;
    this.#now = now;
  }

  get today(): number {
    return localDay(this.#now, this.#zone);
  }

  #firstDay(product_id: string): number {
    const about = this.#events.filter((event) =>
      event.event_type === "sale_recorded"
        ? event.payload.items.some((item) => item.product_id === product_id)
        : event.payload.product_id === product_id,
    );
    return Math.min(...about.map((event) => localDay(event.occurred_at, this.#zone)));
  }

  /** Quantity and value sold on the `window_days` local days before `day`. */
  sold(product_id: string, day: number, window_days: number): { quantity: Decimal; value: Decimal } {
    let quantity = new Exact(0);
    let value = new Exact(0);
    for (const event of this.#events) {
      if (event.event_type !== "sale_recorded") continue;
      const sold_on = localDay(event.payload.delivered_at, this.#zone);
      if (sold_on < day - window_days || sold_on >= day) continue;
      for (const item of event.payload.items) {
        if (item.product_id !== product_id) continue;
        quantity = quantity.plus(item.quantity);
        value = value.plus(item.total_value);
      }
    }
    return { quantity, value };
  }

  bounds(product_id: string, day: number) {
    const set = this.#set.get(product_id);
    const window_days = set?.window_days ?? this.#config.window_days;
    const lead = set?.lead_time_days ?? this.#config.lead_time_days;
    const safety = set?.safety_stock_percent ?? this.#config.safety_stock_percent;
    const days = Math.max(1, Math.min(window_days, day - this.#firstDay(product_id)));
    const sold = this.sold(product_id, day, window_days).quantity;
    const computed = round(sold.times(lead).times(new Exact(safety).plus(100)).div(100).div(days));
    const minimum = set?.minimum ? new Exact(set.minimum) : computed;
    const wanted = set?.maximum ? new Exact(set.maximum) : round(sold.times(lead).times(2).div(days));
    return { sold, days, minimum, maximum: Decimal.max(minimum, wanted), limited: Boolean(set?.maximum) };
  }

  /** The level before anything that happened after `at`. */
  level(product_id: string, at = this.#now): Decimal {
    let level = new Exact(0);
    for (const event of this.#events) {
      if (event.event_type !== "stock_updated" || event.payload.product_id !== product_id) continue;
      if (event.occurred_at <= at) level = new Exact(event.payload.new_quantity);
    }
    return level;
  }

  #bad(product_id: string, kind: "rupture" | "excess", at: string): boolean {
    const { sold, minimum, maximum, limited } = this.bounds(product_id, localDay(at, this.#zone));
    const level = this.level(product_id, at);
    if (kind === "rupture") return sold.gt(0) && level.lt(minimum);
    return (sold.gt(0) || limited) && level.gt(maximum);
  }

  /** Since when the cause stands, or when it was gone; undefined when it never was in 30 days. */
  episode(
    product_id: string,
    kind: "rupture" | "excess",
  ): { since: string | null; resolved_at: string | null } | undefined {
    const first = this.today - 30;
    const moments = new Set<string>();
    for (let day = first; day <= this.today; day++) {
      if (day > this.#firstDay(product_id)) moments.add(startOfDay(day, this.#zone));
    }
    for (const event of this.#events) {
      if (event.event_type === "stock_updated" && event.payload.product_id === product_id)
        moments.add(event.occurred_at);
    }
    const set_at = this.#set.get(product_id)?.updated_at ?? "";
    if (set_at !== "") moments.add(set_at);
    moments.add(this.#now);
    const judged = [...moments]
      .filter((at) => at >= startOfDay(first, this.#zone) && at >= set_at)
      .sort()
      .map((at) => ({ at, bad: this.#bad(product_id, kind, at) }));
    const last_bad = judged.findLastIndex(({ bad }) => bad);
    if (last_bad === -1) return undefined;
    if (last_bad < judged.length - 1) return { since: null, resolved_at: judged[last_bad + 1]?.at ?? null };
    return { since: judged[judged.findLastIndex(({ bad }) => !bad) + 1]?.at ?? null, resolved_at: null };
  }

  /** Product ids with their classes, the one that sold most first. */
  abc(products: readonly string[]): { product_id: string; class: string }[] {
    const rows = products
      .map((product_id) => ({ product_id, value: this.sold(product_id, this.today, this.#config.window_days).value }))
      .sort((a, b) => b.value.cmp(a.value) || (a.product_id < b.product_id ? -1 : 1));
    const total = rows.reduce((sum, { value }) => sum.plus(value), new Exact(0));
    let before = new Exact(0);
    return rows.map(({ product_id, value }) => {
      const share = total.isZero() ? new Exact(0) : before.div(total).times(100);
      before = before.plus(value);
      if (value.isZero() || share.gte(95)) return { product_id, class: "C" };
      return { product_id, class: share.lt(80) ? "A" : "B" };
    });
  }
}
