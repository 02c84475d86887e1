import { Cron } from "croner";

/** When a job runs: every so often, or by a cron expression in UTC. */
export interface Schedule {
  every?: string | undefined;
  cron?: string | undefined;
}

const UNITS: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** `30s`, `5m`, `1h` … in milliseconds; undefined when it is none. */
export function durationMs(text: string): number | undefined {
  const [, amount, unit = ""] = /^(\d+)(ms|s|m|h|d)$/.exec(text) ?? [];
  const factor = UNITS[unit];
  return amount === undefined || factor === undefined || Number(amount) === 0 ? undefined : Number(amount) * factor;
}

export function scheduleProblem({ every, cron }: Schedule): string | undefined {
  if (every !== undefined)
    return durationMs(every) === undefined ? `every: "${every}" is no duration such as 30s or 5m` : undefined;
  if (cron === undefined) return "give `every` or `cron`";
  try {
    new Cron(cron, { paused: true, timezone: "UTC" });
    return undefined;
  } catch {
    return `cron: "${cron}" is no cron expression`;
  }
}

/** Milliseconds from now to the next run. */
export function untilNext({ every, cron }: Schedule, now = new Date()): number {
  if (every !== undefined) return durationMs(every) ?? 60_000;
  const next = new Cron(cron ?? "* * * * *", { paused: true, timezone: "UTC" }).nextRun(now);
  return next ? Math.max(0, next.getTime() - now.getTime()) : 60_000;
}
