import { localDay } from "../../test/engines/local-day.ts";
import type { SalesEvent } from "./batch.ts";
import type { SalesConfig } from "./config.ts";

// The slow, obvious count that the engine's SQL is checked against: every basket is looked at for every question.

interface Basket {
  order_id: string;
  customer_id: string;
  products: Set<string>;
}

/** a ÷ b in percent with 2 places, half away from zero, in whole numbers. */
function percent(a: number, b: number): string {
  const hundredths = (BigInt(a) * 20_000n + BigInt(b)) / (BigInt(b) * 2n);
  return `${hundredths / 100n}.${String(hundredths % 100n).padStart(2, "0")}`;
}

const byText = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

export class Oracle {
  readonly #events: readonly SalesEvent[];
  readonly #config: SalesConfig;
  readonly baskets: Basket[];

  constructor(events: readonly SalesEvent[], config: SalesConfig, zone: string, now: string) {
    this.#events = events;
    this.#config = config;
    this.baskets = events.flatMap((event) => {
      if (event.event_type !== "sale_recorded") return [];
      const { order_id, customer_id, delivered_at, items } = event.payload;
      if (localDay(delivered_at, zone) < localDay(now, zone) - config.window_days) return [];
      return [{ order_id, customer_id, products: new Set(items.map(({ product_id }) => product_id)) }];
    });
  }

  #product(product_id: string) {
    let facts = { active: true, category: null as string | null, price: 0 };
    for (const event of this.#events) {
      if (event.event_type === "sale_recorded" || event.payload.product_id !== product_id) continue;
      if (event.event_type === "product_price_updated") facts.price = Number(event.payload.new_price);
      else
        facts = {
          ...facts,
          category: event.payload.category,
          active: !("active" in event.payload) || event.payload.active,
        };
      if (event.event_type === "product_created") facts.price = Number(event.payload.base_price);
    }
    return facts;
  }

  /** Recommendations for a cart as [product, because of, source, baskets, of, frequency], the best first. */
  evidence(cart: readonly string[], customer_id: string | null, products: readonly string[]) {
    const rows: { product: string; because: string; source: string; baskets: number; of: number }[] = [];
    for (const product of products) {
      if (cart.includes(product) || !this.#product(product).active) continue;
      for (const because of cart) {
        for (const source of ["customer", "shop"]) {
          const seen = this.baskets.filter((basket) => source === "shop" || basket.customer_id === customer_id);
          const of = seen.filter((basket) => basket.products.has(because)).length;
          const baskets = seen.filter((basket) => basket.products.has(because) && basket.products.has(product)).length;
          const enough = source === "shop" ? of >= this.#config.min_baskets && baskets > 0 : baskets >= 2;
          if (enough && baskets * 100 >= this.#config.min_frequency * of)
            rows.push({ product, because, source, baskets, of });
        }
      }
    }
    const order = (a: (typeof rows)[number], b: (typeof rows)[number]) =>
      b.baskets * a.of - a.baskets * b.of || b.baskets - a.baskets;
    rows.sort((a, b) => order(a, b) || byText(a.source, b.source) || byText(a.because, b.because));
    const best = rows.filter((row, place) => rows.findIndex(({ product }) => product === row.product) === place);
    best.sort((a, b) => order(a, b) || byText(a.product, b.product));
    return best.map(({ product, because, source, baskets, of }) => [
      product,
      because,
      source,
      baskets,
      of,
      percent(baskets, of),
    ]);
  }

  /** Sets of 2 and 3 in at least `least` baskets as [customer, products, baskets, of, share], the most frequent first. */
  sets(products: readonly string[], least: number, customers: readonly (string | null)[]) {
    const sold = products.filter((product) => this.#product(product).active).sort(byText);
    const rows: { customer: string | null; ids: string[]; baskets: number; of: number }[] = [];
    for (const customer of customers) {
      const seen = this.baskets.filter((basket) => customer === null || basket.customer_id === customer);
      const count = (ids: string[]) => {
        const baskets = seen.filter((basket) => ids.every((one) => basket.products.has(one))).length;
        if (baskets >= least) rows.push({ customer, ids, baskets, of: seen.length });
      };
      for (const [i, a] of sold.entries()) {
        for (const [j, b] of sold.entries()) {
          if (j <= i) continue;
          count([a, b]);
          for (const c of sold.slice(j + 1)) count([a, b, c]);
        }
      }
    }
    const key = (row: (typeof rows)[number]) =>
      `${row.customer === null ? "" : `${row.customer} `}${row.ids.join(" ")}`;
    rows.sort((a, b) => b.baskets - a.baskets || byText(key(a), key(b)));
    return rows.map(({ customer, ids, baskets, of }) => [customer, ids, baskets, of, percent(baskets, of)]);
  }

  /** Substitutes as [product, difference in percent, customers, switched], the best first. */
  substitutes(product_id: string, products: readonly string[]) {
    const own = this.#product(product_id);
    const buyers = new Set(this.baskets.filter((one) => one.products.has(product_id)).map((one) => one.customer_id));
    const found = products.flatMap((other) => {
      const { active, category, price } = this.#product(other);
      const difference = Math.round((price - own.price) * 100);
      const near = Math.abs(difference) * 100 <= Math.round(own.price * 100) * 20;
      if (other === product_id || !active || category === null || category !== own.category || !near) return [];
      const held = this.baskets.filter((one) => one.products.has(other));
      if (held.length === 0 || held.some((one) => one.products.has(product_id))) return [];
      const customers = new Set(held.map((one) => one.customer_id));
      const switched = [...customers].filter((customer) => buyers.has(customer)).length;
      return [{ other, difference, customers: customers.size, switched }];
    });
    found.sort(
      (a, b) =>
        b.switched - a.switched ||
        b.customers - a.customers ||
        Math.abs(a.difference) - Math.abs(b.difference) ||
        byText(a.other, b.other),
    );
    return found.map(({ other, difference, customers, switched }) => {
      const size = percent(Math.abs(difference), Math.round(own.price * 100));
      return [other, difference < 0 ? `-${size}` : size, customers, switched];
    });
  }
}
