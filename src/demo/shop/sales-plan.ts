import { type BasketLine, drawBasket } from "../basket.ts";
import type { Chance } from "../chance.ts";
import { type Calendar, HISTORY_DAYS } from "./calendar.ts";

/** A sale from the first question to the delivery; whatever lies after now has not happened yet. */
export interface Sale {
  /** Place among the shop's customers. */
  customer: number;
  lines: readonly BasketLine[];
  discount_percent: string;
  /** Null for a sale over the counter. */
  quote: { made: number; sent: number; decided: number; outcome: "converted" | "cancelled" | "ignored" } | null;
  /** Null when the quote came to nothing. */
  order: Course | null;
}

/** An order's way. */
export interface Course {
  made: number;
  preparing: number;
  out: number;
  delivered: number;
  delivery_date: string;
  /** Set instead of what would have followed. */
  cancelled: number | null;
}

const QUOTED = 0.35;
const CANCELLED = 0.04;
const OUTCOMES = ["converted", "cancelled", "ignored"] as const;
const OUTCOME_WEIGHTS = [65, 15, 20];
const DISCOUNTS = ["0", "0", "0", "2.5", "5", "7.5"];

/** The sales of the history's open days, about two a day. */
export function planSales(chance: Chance, calendar: Calendar, customers: number): Sale[] {
  const sales: Sale[] = [];
  for (let day = 0; day <= HISTORY_DAYS; day++) {
    if (!calendar.isOpen(day)) continue;
    const count = chance.int(1, 3);
    for (let i = 0; i < count; i++) sales.push(planSale(chance, calendar, day, customers));
  }
  return sales;
}

function planSale(chance: Chance, calendar: Calendar, day: number, customers: number): Sale {
  // A few customers come again and again, the others now and then.
  const customer = Math.min(chance.int(0, customers - 1), chance.int(0, customers - 1));
  const lines = drawBasket(chance, calendar.month(day), chance.int(1, 3));
  const discount_percent = chance.pick(DISCOUNTS);
  const asked = calendar.at(day, chance.int(8 * 60, 17 * 60) / 60);
  if (!chance.happens(QUOTED)) {
    return { customer, lines, discount_percent, quote: null, order: planCourse(chance, calendar, day, asked) };
  }
  const later = calendar.nextOpen(calendar.nextOpen(day));
  const decided = calendar.at(later, chance.int(9 * 60, 16 * 60) / 60);
  const outcome = OUTCOMES[chance.weighted(OUTCOME_WEIGHTS)] ?? "ignored";
  const quote = { made: asked, sent: asked + minutes(chance, 5, 40), decided, outcome };
  // The order follows the approval after a minute.
  const order = outcome === "converted" ? planCourse(chance, calendar, later, decided + 60_000) : null;
  return { customer, lines, discount_percent, quote, order };
}

/** Prepared within hours, delivered on the next open day. */
function planCourse(chance: Chance, calendar: Calendar, day: number, made: number): Course {
  const next = calendar.nextOpen(day);
  const preparing = Math.min(made + minutes(chance, 15, 360), calendar.at(next, 7.9));
  const out = calendar.at(next, chance.int(8 * 60, 14 * 60) / 60);
  return {
    made,
    preparing,
    out,
    delivered: out + minutes(chance, 40, 300),
    delivery_date: calendar.date(next),
    cancelled: chance.happens(CANCELLED) ? preparing + minutes(chance, 10, 120) : null,
  };
}

function minutes(chance: Chance, from: number, to: number): number {
  return chance.int(from * 60, to * 60) * 1000;
}

/** What was delivered of each material of the catalogue in [from, to), in thousandths. */
export function soldBetween(sales: readonly Sale[], from: number, to: number): Map<number, number> {
  const sold = new Map<number, number>();
  for (const { order, lines } of sales) {
    if (!order || order.cancelled !== null || order.delivered < from || order.delivered >= to) continue;
    for (const { material, milli } of lines) sold.set(material, (sold.get(material) ?? 0) + milli);
  }
  return sold;
}
