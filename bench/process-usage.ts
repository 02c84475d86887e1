import { readFileSync } from "node:fs";

/** Of Linux on every platform Bun runs on. */
const TICKS_PER_SECOND = 100;

/** Seconds of processor time a process has used so far, all its threads. */
export function cpuSeconds(pid: number): number {
  const text = readFileSync(`/proc/${pid}/stat`, "utf8");
  // The name in parentheses may hold anything; user and system time are the 12th and 13th fields after it.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

/** Resident memory of a process in MB, and the part of it that is no file's. */
export function memoryMegabytes(pid: number): { resident: number; anonymous: number } {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const of = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(status)?.[1] ?? 0) / 1000;
  return { resident: of("VmRSS"), anonymous: of("RssAnon") };
}
