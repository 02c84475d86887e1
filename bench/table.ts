import type { Figure, Reach } from "./figure.ts";

/** Figures as lines of a table, one for each. */
export function table(figures: readonly Figure[]): string[] {
  const rows = figures.map((figure) => [
    figure.name,
    `${shown(figure.value)} ${figure.unit}`,
    `± ${Math.round(figure.spread * 100)} %`,
    figure.reference ? `${figure.reference.name}: ${shown(figure.reference.value)}` : "",
    figure.ratio === null ? "" : `${figure.ratio.toFixed(2)}×`,
    figure.reach ? reachOf(figure.reach) : "",
    figure.reach ? (figure.ok ? "reached" : "MISSED") : "",
  ]);
  const head = ["figure", "median", "spread", "beside", "ratio", "reach", ""];
  const all = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...all.map((row) => (row[column] ?? "").length)));
  return all.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
}

function shown(value: number): string {
  const digits = Math.abs(value) >= 1000 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return value.toLocaleString("en", { maximumFractionDigits: digits });
}

function reachOf(reach: Reach): string {
  if ("ratio_at_least" in reach) return `≥ ${reach.ratio_at_least}×`;
  if ("ratio_at_most" in reach) return `≤ ${reach.ratio_at_most}×`;
  return "value_at_most" in reach ? `≤ ${reach.value_at_most}` : `≥ ${reach.value_at_least}`;
}
