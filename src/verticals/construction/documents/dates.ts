import { t } from "elysia";

/** Calendar day; `date` makes it one that exists. */
export const Day = t.String({ format: "date", examples: ["2026-03-09"] });
