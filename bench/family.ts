import type { Figure } from "./figure.ts";

/** How much a family may take; each stays under two minutes with what is given by default. */
export interface Effort {
  repetitions: number;
  /** Rows or events, as a part of what the family takes by default: 0.1 for a first look, 5 for a long run. */
  scale: number;
}

/** What is measured together, on servers of its own. `whenDone` of the test harness ends what it started. */
export interface Family {
  /** One sentence for the list of families. */
  about: string;
  measure(effort: Effort, say: (line: string) => void): Promise<Figure[]>;
}
