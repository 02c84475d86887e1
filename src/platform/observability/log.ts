import pino, { type Logger } from "pino";
import { censored, loggedError, scrubbed } from "./redaction.ts";

export type Log = Logger;
export const LOG_LEVELS = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/**
 * One JSON line per event on stdout; readable lines when stdout is a terminal. No secret and nothing of a person leaves
 * by it: not under a name that says so, not hung onto an error, not in the form of an address, a document or a token.
 */
export async function createLog(level: LogLevel): Promise<Log> {
  const options: pino.LoggerOptions = {
    level,
    base: undefined,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }), log: censored },
    serializers: { err: loggedError },
    hooks: { streamWrite: scrubbed },
  };
  if (!process.stdout.isTTY) return pino(options, pino.destination({ dest: 1, sync: true }));
  const { default: pretty } = await import("pino-pretty");
  return pino(options, pretty({ sync: true, ignore: "role", messageFormat: "{if role}{role} {end}{msg}" }));
}
