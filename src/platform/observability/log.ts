import pino, { type Logger } from "pino";

export type Log = Logger;
export const LOG_LEVELS = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Names under which a secret or a person's data could stand in a logged object. */
const REDACTED = [
  "password",
  "current",
  "new",
  "access_token",
  "refresh_token",
  "authorization",
  "secret",
  "SECRET_KEY",
  "DATABASE_URL",
  "REDIS_URL",
  "document",
  "email",
  "phone",
  "address",
];

/** One JSON line per event on stdout; readable lines when stdout is a terminal. */
export async function createLog(level: LogLevel): Promise<Log> {
  const options = {
    level,
    base: undefined,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    redact: { paths: REDACTED.flatMap((name) => [name, `*.${name}`]), censor: "[redacted]" },
  };
  if (!process.stdout.isTTY) return pino(options, pino.destination({ dest: 1, sync: true }));
  const { default: pretty } = await import("pino-pretty");
  return pino(options, pretty({ sync: true, ignore: "role", messageFormat: "{if role}{role} {end}{msg}" }));
}
