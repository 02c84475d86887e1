import { codeOf } from "../platform/database/errors.ts";
import { Problem } from "../platform/http/problem.ts";

const REASONS: Record<string, string> = {
  ECONNREFUSED: "nothing listens at that address",
  ENOTFOUND: "its host name is unknown",
  EHOSTUNREACH: "its host cannot be reached",
  ETIMEDOUT: "it does not answer",
  CONNECT_TIMEOUT: "it does not answer",
  "28P01": "it refuses the user's password",
  "28000": "it refuses the user",
  "3D000": "it has no database of that name",
  "42501": "the user may not do this there",
  "53300": "it has no connection left",
};

/** What OpenSSL says of a certificate. */
const OF_CERTIFICATES = /CERT|^UNABLE_TO_/;

/** One sentence an operator can act on, without any secret. */
export function explain(error: unknown): string {
  if (error instanceof Problem && error.errors !== undefined) {
    return error.errors.map(({ path, message }) => `${path.replace(/^\//, "")} ${message}`.trim()).join("; ");
  }
  const message = error instanceof Error ? error.message : String(error);
  const code = codeOf(error) ?? "";
  if (message.startsWith("NOAUTH") || message.startsWith("WRONGPASS")) {
    return "cannot use Redis (REDIS_URL): it refuses the password";
  }
  if (code === "redis_unreachable") return `cannot reach Redis (REDIS_URL): ${message}`;
  const reason = REASONS[code] ?? (OF_CERTIFICATES.test(code) ? message : undefined);
  return reason === undefined ? message : `cannot use PostgreSQL (DATABASE_URL): ${reason} (${code})`;
}
