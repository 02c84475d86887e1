import { type Sample, summary } from "./sample.ts";

/** What a figure is held against: a limit the design promises, or how much of the reference must be reached. */
export type Reach =
  | { ratio_at_least: number }
  | { ratio_at_most: number }
  | { value_at_most: number }
  | { value_at_least: number };

/** One measured quantity beside what it is compared with. What is written to bench/out/. */
export interface Figure {
  name: string;
  /** Median of the repetitions. */
  value: number;
  unit: string;
  /** Half the distance between the lowest and the highest repetition, as a part of the median. */
  spread: number;
  /** What `value` is compared with, measured in the same run; null where the limit is absolute. */
  reference: { name: string; value: number } | null;
  /** value / reference. */
  ratio: number | null;
  /** What must be reached; null for a figure that only explains others. */
  reach: Reach | null;
  ok: boolean;
}

export interface FigureInput {
  name: string;
  unit: string;
  values: Sample;
  reference?: { name: string; values: Sample };
  reach?: Reach;
}

/** The median of a figure's repetitions, the ratio to its reference, and whether that reaches what it must. */
export function figure({ name, unit, values, reference, reach }: FigureInput): Figure {
  const { median, spread } = summary(values);
  const compared = reference && { name: reference.name, value: summary(reference.values).median };
  const ratio = compared ? median / compared.value : null;
  return {
    name,
    value: median,
    unit,
    spread,
    reference: compared ?? null,
    ratio,
    reach: reach ?? null,
    ok: reach === undefined || reached(reach, median, ratio),
  };
}

function reached(reach: Reach, value: number, ratio: number | null): boolean {
  if ("value_at_most" in reach) return value <= reach.value_at_most;
  if ("value_at_least" in reach) return value >= reach.value_at_least;
  if (ratio === null) return false;
  return "ratio_at_least" in reach ? ratio >= reach.ratio_at_least : ratio <= reach.ratio_at_most;
}
