import pino from "pino";
import type { Log } from "../../platform/observability/log.ts";

/** A line that an engine or its host wrote. */
export interface LogLine {
  level: string;
  msg: string;
  [field: string]: unknown;
}

/** A log that keeps its lines instead of printing them. */
export function keepingLog(lines: LogLine[]): Log {
  const formatters = { level: (label: string) => ({ level: label }) };
  const write = (line: string) => {
    lines.push(JSON.parse(line));
  };
  return pino({ level: "debug", base: undefined, timestamp: false, formatters }, { write });
}
