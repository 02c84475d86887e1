import { moneyText } from "../amount-text.ts";
import { drawBasket } from "../basket.ts";
import type { Batch } from "./batch.ts";
import { uuidAt } from "./ids.ts";
import type { LoadedShop } from "./loaded-shop.ts";
import { type Course, type Deal, writeOrder } from "./order.ts";
import type { Period } from "./period.ts";
import { discounted, priceLines } from "./priced-lines.ts";
import { type QuoteCourse, recordConversion, writeQuote } from "./quote.ts";
import { restock } from "./stock.ts";
import { changePrices } from "./supply.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
/** Of the orders, those that began as a quote; and quotes that came to nothing, for each order. */
const QUOTED = 0.4;
const LOST = 0.25;
const CANCELLED = 0.04;
/** Hundredths of a per cent. */
const DISCOUNTS = [0, 0, 0, 250, 500, 750];
/** A quote is made so long before its order would be, sent ten minutes later, and approved five before the order. */
const QUOTE_LEAD = 3 * HOUR;

/** `batch` may be another one at every yield. */
export type Sink = { batch: Batch };

/** One day of a shop: its new prices, then its deals, a yield after each. */
export function* shopDay(sink: Sink, shop: LoadedShop, period: Period, day: number): Generator<void> {
  if (day > 0 && period.isFirstOfMonth(day)) changePrices(sink.batch, shop, period.at(day, 7));
  if (!period.isOpen(day)) return;
  const orders = period.ordersOf(day, shop.orders);
  const delivery = period.nextOpen(day);
  const is_last = delivery >= period.days;
  if (!is_last) restock(sink.batch, shop, period.at(delivery, 7));
  for (let i = 0; i < orders; i++) {
    // Between 11 and 18 o'clock, one after the other; so are the deliveries, from 8 to 18 o'clock of the next open day.
    const asked = period.at(day, 11 + (7 * i) / orders);
    const delivered = period.at(delivery, 8 + (10 * i) / orders);
    if (shop.chance.happens(LOST)) loseQuote(sink.batch, shop, dealOf(shop, period, day), asked - QUOTE_LEAD, is_last);
    const course = is_last ? courseOfToday(shop, asked) : courseTo(shop, asked, delivered);
    sell(sink.batch, shop, dealOf(shop, period, day), asked, course);
    yield;
  }
}

function dealOf(shop: LoadedShop, period: Period, day: number): Deal {
  const { chance, customers } = shop;
  // Some customers come again and again, the others now and then.
  const customer = customers[Math.min(chance.int(0, customers.length - 1), chance.int(0, customers.length - 1))];
  if (!customer) throw new RangeError("the shop has no customers");
  const basket = drawBasket(chance, period.month(day), customer.scale);
  const { lines, cents } = priceLines(shop, basket);
  const discount = chance.pick(DISCOUNTS);
  const total_value = moneyText(discounted(cents, discount));
  return { customer, basket, lines, discount, total_value, delivery_date: period.date(period.nextOpen(day)) };
}

function sell(batch: Batch, shop: LoadedShop, deal: Deal, made: number, course: Course): void {
  const order_id = uuidAt(shop.chance, made);
  if (!shop.chance.happens(QUOTED)) {
    writeOrder(batch, shop, order_id, deal, { quote_id: null, made, course });
    return;
  }
  const asked = made - QUOTE_LEAD;
  const quote_id = uuidAt(shop.chance, asked);
  const converted = { at: made, order_id };
  const way = { made: asked, sent: asked + 10 * MINUTE, approved: made - 5 * MINUTE, converted, cancelled: null };
  writeQuote(batch, shop, quote_id, deal, way);
  writeOrder(batch, shop, order_id, deal, { quote_id, made, course });
  recordConversion(batch, shop, quote_id, deal, converted);
}

/** Cancelled or forgotten; today's may also still be a draft or wait for its conversion. */
function loseQuote(batch: Batch, shop: LoadedShop, deal: Deal, made: number, is_last: boolean): void {
  const { chance } = shop;
  const sent = is_last && chance.happens(0.3) ? null : made + 10 * MINUTE;
  const approved = is_last && sent !== null && chance.happens(0.4) ? made + HOUR : null;
  const cancelled = approved === null && chance.happens(0.5) ? made + 2 * HOUR : null;
  const course: QuoteCourse = { made, sent, approved, converted: null, cancelled };
  writeQuote(batch, shop, uuidAt(chance, made), deal, course);
}

function courseTo({ chance }: LoadedShop, made: number, delivered: number): Course {
  const preparing = made + 30 * MINUTE;
  if (chance.happens(CANCELLED))
    return [
      ["preparing", preparing],
      ["cancelled", preparing + HOUR],
    ];
  return [
    ["preparing", preparing],
    ["out_for_delivery", delivered - HOUR],
    ["delivered", delivered],
  ];
}

/** Orders of the last day are on their way. */
function courseOfToday({ chance }: LoadedShop, made: number): Course {
  const course: Course = [
    ["preparing", made + 30 * MINUTE],
    ["out_for_delivery", made + 90 * MINUTE],
  ];
  return course.slice(0, chance.int(0, 2));
}
