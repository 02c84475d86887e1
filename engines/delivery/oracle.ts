import type { EventEnvelope } from "@basecommerce/engine";
import { localDay } from "../../test/engines/local-day.ts";
import type { DeliveryEvent } from "./apply.ts";

/** All that is known of one order, looked up in its whole history. */
interface Known {
  status: string;
  delivery_date: string | null;
  region: string;
  /** What stops are ordered by. */
  place: string[];
  left_at: string | undefined;
  /** When it was delivered or cancelled. */
  ended_at: string | undefined;
}

/** Slow and obvious: computes every figure anew from the whole history. */
export class Oracle {
  readonly #events: readonly DeliveryEvent[];
  /** What was planned so far, by order. */
  readonly #stops = new Map<string, { date: string; region: string; route: number; position: number }>();

  constructor(events: readonly EventEnvelope[]) {
    this.#events = [...(events as readonly DeliveryEvent[])].sort((a, b) => a.seq - b.seq);
  }

  /** Plans a day with what happened up to `seq`; routes of the day as region, number and the stops' orders. */
  plan(date: string, max_stops: number, seq: number): [string, number, string[]][] {
    const orders = this.#orders(seq);
    for (const [order, stop] of this.#stops) {
      const left = !["pending", "preparing", "cancelled"].includes(orders.get(order)?.status ?? "");
      if (stop.date === date && !left) this.#stops.delete(order);
    }
    const kept = [...this.#stops.values()].filter((stop) => stop.date === date);
    const waiting = [...orders].filter(([, one]) => one.status === "preparing" && one.delivery_date === date);
    for (const [region, members] of Map.groupBy(waiting, ([, one]) => one.region)) {
      const routes = Math.max(0, ...kept.filter((stop) => stop.region === region).map(({ route }) => route));
      members.sort(([a, one], [b, other]) => compare([...one.place, a], [...other.place, b]));
      for (const [index, [order]] of members.entries()) {
        const [route, position] = [routes + Math.floor(index / max_stops) + 1, (index % max_stops) + 1];
        this.#stops.set(order, { date, region, route, position });
      }
    }
    return this.routes(date, seq);
  }

  /** The routes of a day as they were planned last, without what was cancelled up to `seq`. */
  routes(date: string, seq: number): [string, number, string[]][] {
    const orders = this.#orders(seq);
    const stops = [...this.#stops].filter(
      ([order, stop]) => stop.date === date && orders.get(order)?.status !== "cancelled",
    );
    stops.sort(([, a], [, b]) => compare([a.region], [b.region]) || a.route - b.route || a.position - b.position);
    const routes = Map.groupBy(stops, ([, { region, route }]) => JSON.stringify([region, route]));
    return [...routes].map(([name, members]) => [...JSON.parse(name), members.map(([order]) => order)] as never);
  }

  /** Figures of the local days from `from` to `to`, as days since 1970, of all that happened. */
  performance(from: number, to: number, time_zone: string, troubled: ReadonlySet<string>, cost_cents: number) {
    const ended = [...this.#orders(Number.POSITIVE_INFINITY)].filter(([, { left_at, ended_at }]) => {
      const day = ended_at === undefined ? Number.NaN : localDay(ended_at, time_zone);
      return left_at !== undefined && day >= from && day <= to;
    });
    const delivered = ended.filter(([, { status }]) => status === "delivered");
    const milliseconds = delivered.map(
      ([, { left_at = "", ended_at = "" }]) => Date.parse(ended_at) - Date.parse(left_at),
    );
    const trouble = ended.filter(([order]) => troubled.has(order)).length;
    return {
      delivered: delivered.length,
      failed: ended.length - delivered.length,
      mean_minutes: share(
        milliseconds.reduce((sum, one) => sum + one, 0),
        delivered.length * 60_000,
      ),
      success_rate: share(delivered.length * 100, ended.length),
      occurrence_rate: share(trouble * 100, ended.length),
      cost: ((ended.length * cost_cents) / 100).toFixed(2),
    };
  }

  #orders(seq: number): Map<string, Known> {
    const orders = new Map<string, Known>();
    for (const event of this.#events.filter((one) => one.seq <= seq)) {
      if (event.event_type === "order_created") {
        const { order_id, delivery_date, delivery_address: at } = event.payload;
        const digits = (at?.postal_code ?? "").replace(/\D/g, "");
        const parts = at ? [at.state.trim().toUpperCase(), at.city.trim().toUpperCase(), digits.slice(0, 5)] : [];
        const region = at ? parts.filter((part, i) => i < 2 || part !== "").join("/") : "unknown";
        const place = at ? [digits, at.street, at.number ?? ""] : ["", "", ""];
        const began = { status: "pending", delivery_date, left_at: undefined, ended_at: undefined };
        orders.set(order_id, { ...began, region, place });
      }
      const known = "order_id" in event.payload ? orders.get(event.payload.order_id) : undefined;
      if (known && event.event_type === "order_rescheduled") known.delivery_date = event.payload.delivery_date;
      if (known && event.event_type === "order_status_changed") {
        const { new_status, changed_at } = event.payload;
        known.status = new_status;
        if (new_status === "out_for_delivery") known.left_at = changed_at;
        if (new_status === "delivered" || new_status === "cancelled") known.ended_at = changed_at;
      }
    }
    return orders;
  }
}

/** A quotient of whole numbers with 2 places, half away from zero; null of nothing. */
function share(part: number, whole: number): string | null {
  if (whole === 0) return null;
  const hundredths = (BigInt(part) * 200n + BigInt(whole)) / (BigInt(whole) * 2n);
  return `${hundredths / 100n}.${String(hundredths % 100n).padStart(2, "0")}`;
}

function compare(a: readonly string[], b: readonly string[]): number {
  const place = a.findIndex((part, i) => part !== b[i]);
  if (place === -1) return 0;
  return (a[place] ?? "") < (b[place] ?? "") ? -1 : 1;
}
