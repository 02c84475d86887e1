import { JOBS } from "../jobs.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** The days of a load; the last one ends where the load ends. Instants are milliseconds of UTC. */
export class Period {
  readonly days: number;
  readonly until: number;
  /** Share of all orders made up to and with each day. */
  readonly #share: number[] = [];

  /** `until` is the midnight, in São Paulo, after the last day. */
  constructor(until: number, days: number) {
    this.until = until;
    this.days = days;
    const weights = Array.from({ length: days }, (_, day) => (this.isOpen(day) ? season(this.month(day)) : 0));
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    let sum = 0;
    for (const weight of weights) {
      sum += weight;
      this.#share.push(sum / total);
    }
  }

  at(day: number, hour: number): number {
    return Math.floor(this.until - (this.days - day) * DAY + hour * HOUR);
  }

  /** Shops are closed on Sundays, unless there is no other day. */
  isOpen(day: number): boolean {
    return this.days < 2 || this.#local(day).getUTCDay() !== 0;
  }

  nextOpen(day: number): number {
    return this.isOpen(day + 1) ? day + 1 : day + 2;
  }

  /** 0–11 */
  month(day: number): number {
    return this.#local(day).getUTCMonth();
  }

  /** `YYYY-MM-DD` */
  date(day: number): string {
    return this.#local(day).toISOString().slice(0, 10);
  }

  isFirstOfMonth(day: number): boolean {
    return this.#local(day).getUTCDate() === 1;
  }

  /** How many of `orders` are made on a day; over all days that is all of them. */
  ordersOf(day: number, orders: number): number {
    return Math.round(orders * (this.#share[day] ?? 1)) - Math.round(orders * (this.#share[day - 1] ?? 0));
  }

  #local(day: number): Date {
    return new Date(this.at(day, 0) - 3 * HOUR);
  }
}

/** The first midnight in São Paulo at or before `now`. */
export function midnightBefore(now: number): number {
  return Math.floor((now - 3 * HOUR) / DAY) * DAY + 3 * HOUR;
}

/** How much is built and painted in a month, all jobs together. */
function season(month: number): number {
  return JOBS.reduce((sum, job) => sum + job.weight * (job.season[month] ?? 1), 0);
}
