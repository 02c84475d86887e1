import { moveStock } from "../../verticals/construction/stock/service.ts";
import { quantityText } from "../amount-text.ts";
import { CATALOGUE, type Material } from "../catalogue.ts";
import { type Calendar, HISTORY_DAYS } from "./calendar.ts";
import { type Sale, soldBetween } from "./sales-plan.ts";
import type { Made } from "./sales-steps.ts";
import type { Step } from "./step.ts";

/**
 * For how many days today's stock lasts, where it is not the eleven days of everything else: by the stock engine's
 * defaults less than 8.4 days is too little and more than 14 too much.
 */
const COVER: Readonly<Record<string, number>> = {
  "JOE-25": 0,
  "TUB-25": 1.5,
  "CIM-CP2": 3.4,
  "ARE-MED": 5,
  "TIN-ACR18": 6,
  "TIJ-8F": 8.2,
  "FIO-25": 8.2,
  "PIS-45": 8.2,
  "ARG-REB": 19,
  "TEL-FIB6": 26,
  "LAJ-H8": 30,
  "POR-60": 45,
};
const USUAL_COVER = 11;
/** Days from one purchase of a material to the next. */
const PURCHASE_DAYS = 18;

/**
 * Purchases for each material: each brings what is sold until the next one, so that the level always comes back to what
 * it shall be today.
 */
export function stockSteps(made: Made, calendar: Calendar, sales: readonly Sale[]): Step[] {
  const window = soldBetween(sales, calendar.at(0, 0), calendar.at(HISTORY_DAYS, 0));
  const steps: Step[] = [];
  for (const [material, product] of CATALOGUE.entries()) {
    const wanted = levelFor(product, (window.get(material) ?? 0) / HISTORY_DAYS);
    const days = purchaseDays(calendar, material);
    for (const [i, day] of days.entries()) {
      const until = calendar.at(days[i + 1] ?? HISTORY_DAYS + 1, 0);
      const sold = soldBetween(sales, calendar.at(day, 0), Math.min(until, calendar.now + 1)).get(material) ?? 0;
      const milli = i === 0 ? sold + wanted : sold;
      if (milli === 0) continue;
      const reason = i === 0 ? "Estoque inicial" : "Compra recebida";
      steps.push({
        at: calendar.at(day, 7 + (material % 60) / 60),
        by: "seller",
        act: async (work) => {
          const product_id = made.products[material] ?? "";
          await moveStock(work, { product_id, movement_type: "in", quantity: quantityText(milli), reason });
        },
      });
    }
  }
  return steps;
}

/** Materials are not all bought on the same day. */
function purchaseDays(calendar: Calendar, material: number): number[] {
  const days = [0];
  for (let day = 6 + (material % PURCHASE_DAYS); day < HISTORY_DAYS; day += PURCHASE_DAYS) {
    days.push(calendar.isOpen(day) ? day : calendar.nextOpen(day));
  }
  return days.filter((day) => day < HISTORY_DAYS);
}

/** Thousandths that last for the wanted days; pieces, sacks and boxes are whole, of slow ones there is at least one. */
function levelFor({ code, unit }: Material, milli_a_day: number): number {
  const days = COVER[code] ?? USUAL_COVER;
  const step = unit === "UN" || unit === "SC" || unit === "CX" ? 1000 : 100;
  const level = Math.round((milli_a_day * days) / step) * step;
  return days > 0 && milli_a_day > 0 ? Math.max(level, step) : level;
}
