import { t } from "elysia";
import { unprocessable } from "../../../platform/http/problem.ts";

/** Calendar day. */
export const Day = t.String({ format: "date", examples: ["2026-03-09"] });

/** The year 0 is one of ISO 8601 and none of PostgreSQL's. */
const FIRST_YEAR = "0001";

/** The day as it was given, or null. 422 at `path` for one that no calendar has. */
export function readDay(given: string | null | undefined, path: string): string | null {
  if (given === null || given === undefined) return null;
  const instant = Date.parse(`${given}T00:00:00Z`);
  if (Number.isNaN(instant) || given < FIRST_YEAR || new Date(instant).toISOString().slice(0, 10) !== given) {
    throw unprocessable([{ path, message: "is not a day of the calendar" }]);
  }
  return given;
}

/** The instant as it was given: its microseconds stay. 422 at `path` for one that no calendar has. */
export function readInstant(given: string, path: string): string {
  readDay(given.slice(0, 10), path);
  if (Number.isNaN(Date.parse(given))) throw unprocessable([{ path, message: "is not an instant" }]);
  return given;
}
