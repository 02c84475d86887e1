import { drawBasket } from "../basket.ts";
import { CATALOGUE } from "../catalogue.ts";
import { Chance } from "../chance.ts";

const SAMPLES_A_MONTH = 500;
let basket: number[] | undefined;

/** Thousandths of each material that a shop with so many orders a day sells on an average day. */
export function averageDemand(orders_a_day: number): number[] {
  basket ??= averageBasket();
  return basket.map((milli) => milli * orders_a_day);
}

function averageBasket(): number[] {
  const chance = new Chance(0);
  const sums = CATALOGUE.map(() => 0);
  for (let month = 0; month < 12; month++) {
    for (let sample = 0; sample < SAMPLES_A_MONTH; sample++) {
      for (const { material, milli } of drawBasket(chance, month)) sums[material] = (sums[material] ?? 0) + milli;
    }
  }
  return sums.map((sum) => sum / (12 * SAMPLES_A_MONTH));
}
