import type { Chance } from "./chance.ts";
import { JOBS, type Need } from "./jobs.ts";

/** One line of what somebody buys. */
export interface BasketLine {
  /** Place in the catalogue. */
  material: number;
  /** Thousandths of the unit: whole numbers, so that totals are exact. */
  milli: number;
}

/**
 * What somebody buys in one go: the materials of one job, now and then of two. `month` is 0–11, `scale` how much larger
 * than a household's job it is.
 */
export function drawBasket(chance: Chance, month: number, scale = 1): BasketLine[] {
  const weights = SEASONAL[month] ?? [];
  const milli = new Map<number, number>();
  const jobs = chance.happens(0.12) ? 2 : 1;
  for (let drawn = 0; drawn < jobs; drawn++) {
    const needs = JOBS[chance.weighted(weights)]?.needs ?? [];
    for (const need of needs) {
      if (!chance.happens(need.share)) continue;
      milli.set(need.material, (milli.get(need.material) ?? 0) + quantity(chance, need, scale));
    }
    // Nobody leaves with nothing: the first material is what the job is about.
    const [first] = needs;
    if (first && milli.size === 0) milli.set(first.material, quantity(chance, first, scale));
  }
  return [...milli].map(([material, thousandths]) => ({ material, milli: thousandths }));
}

const SEASONAL = Array.from({ length: 12 }, (_, month) => JOBS.map((job) => job.weight * (job.season[month] ?? 1)));

/** Small jobs are more common than large ones, hence the smaller of two draws. */
function quantity(chance: Chance, { from, to, step }: Need, scale: number): number {
  const steps = Math.round((to - from) / step);
  const drawn = Math.min(chance.int(0, steps), chance.int(0, steps));
  return Math.round((from + drawn * step) * 1000) * scale;
}
