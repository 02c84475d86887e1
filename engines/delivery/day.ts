import { t, unprocessable } from "@basecommerce/engine";

export const Day = t.String({ format: "date" });

/** A day that is in the calendar; 422 for 30 February, which the format lets pass. */
export function calendarDay(day: string, path: string): string {
  const at = new Date(`${day}T00:00:00Z`);
  if (Number.isNaN(at.getTime()) || at.toISOString().slice(0, 10) !== day) {
    throw unprocessable([{ path, message: "is not a day of the calendar" }]);
  }
  return day;
}
