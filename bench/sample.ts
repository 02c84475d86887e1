/** The repetitions of one measurement. */
export type Sample = readonly number[];

/** Rejects an empty sample: a measurement that measured nothing is no zero. */
export function summary(sample: Sample): { median: number; spread: number } {
  const sorted = sample.toSorted((a, b) => a - b);
  const median = quantile(sorted, 0.5);
  const [lowest = median] = sorted;
  const highest = sorted.at(-1) ?? median;
  return { median, spread: median === 0 ? 0 : (highest - lowest) / 2 / Math.abs(median) };
}

/** The value below which the part `q` of `sorted` lies, between two neighbours in proportion. */
export function quantile(sorted: Sample, q: number): number {
  const place = (sorted.length - 1) * q;
  const low = sorted[Math.floor(place)];
  const high = sorted[Math.ceil(place)];
  if (low === undefined || high === undefined) throw new Error("nothing was measured");
  return low + (high - low) * (place - Math.floor(place));
}
