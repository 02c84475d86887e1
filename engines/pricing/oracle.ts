import { Decimal } from "decimal.js";
import { localDay } from "../../test/engines/local-day.ts";
import type { PricingEvent } from "./apply.ts";
import type { PricingConfig } from "./config.ts";

// The slow, obvious computation that the engine's SQL is checked against: walks the raw history for every question.

const Exact = Decimal.clone({ precision: 80, rounding: Decimal.ROUND_HALF_UP });

interface Price {
  supplier_id: string;
  tier: string;
  price: Decimal;
  at: string;
  event_id: string;
}

export class Oracle {
  readonly #events: readonly PricingEvent[];
  readonly #config: PricingConfig;
  readonly #zone: string;
  readonly #now: string;

  constructor(events: readonly PricingEvent[], config: PricingConfig, zone: string, now: string) {
    this.#events = events;
    this.#config = config;
    this.#zone = zone;
    this.#now = now;
  }

  #prices(product_id: string): Price[] {
    return this.#events.flatMap((event) => {
      if (event.event_type !== "supplier_price_registered" || event.payload.product_id !== product_id) return [];
      const { supplier_id, min_quantity, price } = event.payload;
      const tier = min_quantity ?? "0.000";
      return [{ supplier_id, tier, price: new Exact(price), at: event.occurred_at, event_id: event.event_id }];
    });
  }

  #active(supplier_id: string): boolean {
    let active = true;
    for (const event of this.#events) {
      if (event.event_type === "supplier_updated" && event.payload.supplier_id === supplier_id)
        active = event.payload.active;
    }
    return active;
  }

  #sold(product_id: string): boolean {
    let active = true;
    for (const event of this.#events) {
      if (event.event_type === "product_updated" && event.payload.product_id === product_id)
        active = event.payload.active;
    }
    return active;
  }

  #inWindow({ at }: Price): boolean {
    return localDay(at, this.#zone) >= localDay(this.#now, this.#zone) - this.#config.window_days;
  }

  #tier(product_id: string, supplier_id: string): Price[] {
    const mine = this.#prices(product_id).filter((price) => price.supplier_id === supplier_id);
    const least = mine.map(({ tier }) => Number(tier)).sort((a, b) => a - b)[0];
    return mine.filter(({ tier }) => Number(tier) === least);
  }

  /** What active suppliers ask, the cheapest first; nothing for a product that is no longer sold. */
  offers(product_id: string) {
    if (!this.#sold(product_id)) return [];
    const suppliers = [...new Set(this.#prices(product_id).map(({ supplier_id }) => supplier_id))];
    const weight = new Exact(this.#config.current_weight).div(100);
    const offers = suppliers
      .filter((supplier_id) => this.#active(supplier_id))
      .flatMap((supplier_id) => {
        const tier = this.#tier(product_id, supplier_id);
        const current = tier.at(-1);
        if (!current) return [];
        const counted = tier.filter((price) => price === current || this.#inWindow(price)).map(({ price }) => price);
        const mean = counted.reduce((sum, price) => sum.plus(price), new Exact(0)).div(counted.length);
        const variance = counted
          .reduce((sum, price) => sum.plus(price.minus(mean).pow(2)), new Exact(0))
          .div(counted.length);
        const stable = mean.isZero() || variance.sqrt().div(mean).toDecimalPlaces(30).lte("0.10");
        const score = current.price.times(weight).plus(mean.times(new Exact(1).minus(weight)));
        return [{ supplier_id, price: current.price, mean, count: counted.length, stable, score }];
      });
    return offers.sort((a, b) => a.price.cmp(b.price) || (a.supplier_id < b.supplier_id ? -1 : 1));
  }

  /** Ids of the events whose price differs by the threshold from the one before, the newest first. */
  alerts(): string[] {
    const found: string[] = [];
    const last = new Map<string, Decimal>();
    for (const event of this.#events) {
      if (event.event_type !== "supplier_price_registered") continue;
      const { supplier_id, product_id, min_quantity, price } = event.payload;
      const key = `${supplier_id} ${product_id} ${min_quantity ?? "0.000"}`;
      const old = last.get(key);
      const change = old && new Exact(price).minus(old).abs();
      if (old && change && !change.isZero()) {
        if (old.isZero() || change.div(old).times(100).gte(this.#config.variation_threshold))
          found.unshift(event.event_id);
      }
      last.set(key, new Exact(price));
    }
    return found;
  }

  trend(product_id: string, supplier_id: string): { trend: string | null; change_percent: string | null } {
    const points = this.#tier(product_id, supplier_id)
      .filter((price) => this.#inWindow(price))
      .map(({ at, price }) => ({ x: new Exact(Date.parse(at)), y: price }));
    const xs = points.map(({ x }) => x);
    if (new Set(xs.map(String)).size < 2) return { trend: null, change_percent: null };
    const mean = (values: Decimal[]) => values.reduce((sum, value) => sum.plus(value), new Exact(0)).div(values.length);
    const x_mean = mean(xs);
    const y_mean = mean(points.map(({ y }) => y));
    const slope = mean(points.map(({ x, y }) => x.minus(x_mean).times(y.minus(y_mean)))).div(
      mean(xs.map((x) => x.minus(x_mean).pow(2))),
    );
    const fitted = (x: Decimal) => y_mean.plus(slope.times(x.minus(x_mean))).toDecimalPlaces(40);
    const start = fitted(Decimal.min(...xs));
    const end = fitted(Decimal.max(...xs));
    if (start.lte(0))
      return { trend: slope.isZero() ? "steady" : slope.gt(0) ? "rising" : "falling", change_percent: null };
    const change = end.div(start).minus(1).toDecimalPlaces(30);
    const trend = change.abs().lte("0.02") ? "steady" : change.gt(0) ? "rising" : "falling";
    return { trend, change_percent: new Exact(change.times(100).toFixed(2)).toFixed(2) };
  }
}
