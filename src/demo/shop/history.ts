import { Chance } from "../chance.ts";
import { Calendar } from "./calendar.ts";
import { CUSTOMERS, openingSteps } from "./opening-steps.ts";
import { planSales } from "./sales-plan.ts";
import { type Made, saleSteps } from "./sales-steps.ts";
import type { Step } from "./step.ts";
import { stockSteps } from "./stock-steps.ts";
import { supplySteps } from "./supply-steps.ts";

/** Any number: the demo shop is the same everywhere, moved to the day it is made on. */
const SEED = 2026;

/** The demo shop's last three months up to `now`, in the order in which they happened. */
export function historyUntil(now: number): Step[] {
  const chance = new Chance(SEED);
  const calendar = new Calendar(now);
  const made: Made = { products: [], customers: [], sites: new Map() };
  const sales = planSales(chance, calendar, CUSTOMERS);
  return [
    ...openingSteps(made, chance, calendar),
    ...supplySteps(made, chance, calendar),
    ...stockSteps(made, calendar, sales),
    ...sales.flatMap((sale) => saleSteps(made, sale)),
  ]
    .filter(({ at }) => at <= now)
    .sort((a, b) => a.at - b.at);
}
