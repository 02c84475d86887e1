import { codeOf, isTransient } from "../platform/database/errors.ts";

/** What a failed event is told apart by, stored with it and shown to operators. */
export interface Failure {
  code: string;
  message: string;
  /** The same for failures that are the same but for ids and numbers in their text. */
  fingerprint: string;
  /** No attempt will help. */
  permanent: boolean;
  /** The handler asked for this pause; it is no attempt. */
  delay_ms: number | undefined;
  /** What was thrown; not stored. */
  cause?: unknown;
}

/** A handler took longer than it may. */
export class HandlerTimeout extends Error {
  readonly code = "handler_timeout";
}

/** A handler failed at something of its own that a failure of the surroundings may look like: a file, a statement too slow. */
export class HandlerFailed extends Error {
  readonly code = "handler_failed";
  constructor(thrown: unknown) {
    super(messageOf(thrown), { cause: thrown });
  }
}

/** How often a Worker dies of an event before nobody tries it again by itself. */
export const DEATHS = 2;

/** The event was in hand at that many deaths of its Worker. */
export class Crashed extends Error {
  readonly code = "crashed";
  constructor(deaths: number) {
    super(`the Worker died ${deaths} times while this event was in hand`);
  }
}

/** The event's contract is newer than this program: a newer one will handle it. */
export class VersionUnknown extends Error {
  readonly code = "version_unknown";
}

/** How long an event of a newer contract waits before it is looked at again. */
const VERSION_PAUSE_MS = 60_000;
const MAX_MESSAGE = 1000;
const MAX_CODE = 100;

export function failureOf(error: unknown): Failure {
  const message = messageOf(error);
  const code = storable(codeOf(error) ?? (error instanceof Error ? String(error.name) : "unknown"), MAX_CODE);
  const shape = message.replace(/[0-9a-f]{8}-[0-9a-f-]{27}/gi, "<id>").replace(/\d+(?:\.\d+)?/g, "<n>");
  return {
    code,
    message,
    fingerprint: new Bun.CryptoHasher("sha256").update(`${code} ${shape}`).digest("hex").slice(0, 12),
    permanent: code === "permanent" || error instanceof Crashed,
    delay_ms: code === "version_unknown" ? VERSION_PAUSE_MS : delayOf(error),
    cause: error,
  };
}

/** Handlers throw anything: what cannot be told is said to be so. */
function messageOf(error: unknown): string {
  try {
    return storable(error instanceof Error ? String(error.message) : String(error), MAX_MESSAGE);
  } catch {
    return "what was thrown cannot be shown as text";
  }
}

/** PostgreSQL keeps no NUL, and no half of a character, as a cut may leave one. */
function storable(text: string, longest: number): string {
  return text.slice(0, longest).replaceAll("\0", "\u{FFFD}").toWellFormed();
}

function delayOf(error: unknown): number | undefined {
  if (codeOf(error) !== "retry_later" || typeof error !== "object" || error === null) return undefined;
  return "delay_ms" in error && typeof error.delay_ms === "number" ? Math.max(0, error.delay_ms) : 0;
}

const NOT_THE_EVENTS_FAULT = new Set(["hole", "not_owner", "stopping"]);

/** True when the event is not to blame: the surroundings failed, the batch was not ours, or the host is stopping. */
export function isBlameless(error: unknown): boolean {
  return isTransient(error) || NOT_THE_EVENTS_FAULT.has(codeOf(error) ?? "");
}
