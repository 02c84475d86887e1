/** Days of the demo shop's history before today. */
export const HISTORY_DAYS = 90;

const HOUR = 3_600_000;
/** São Paulo's clocks stand three hours behind UTC, without summer time since 2019. */
const ZONE = -3 * HOUR;

/** The demo shop's days: 0 is the first of its history, `HISTORY_DAYS` is today. Instants are milliseconds of UTC. */
export class Calendar {
  /** When the shop's first day begins. */
  readonly #start: number;
  readonly now: number;

  constructor(now: number) {
    this.now = now;
    const today = Math.floor((now + ZONE) / (24 * HOUR)) * 24 * HOUR - ZONE;
    this.#start = today - HISTORY_DAYS * 24 * HOUR;
  }

  /** `hour` of a day by the shop's clock, e.g. 8.5 for half past eight. */
  at(day: number, hour: number): number {
    return this.#start + (day * 24 + hour) * HOUR;
  }

  /** The shop is closed on Sundays. */
  isOpen(day: number): boolean {
    return this.#local(day).getUTCDay() !== 0;
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

  #local(day: number): Date {
    return new Date(this.at(day, 0) + ZONE);
  }
}
