/** PostgreSQL type numbers (pg_type.oid) whose default conversion would lose something. */
export const OID = {
  bool: 16,
  int8: 20,
  json: 114,
  date: 1082,
  timestamp: 1114,
  timestamptz: 1184,
  jsonb: 3802,
} as const;

/** `2026-01-31 12:00:00.5+00` (the server's text in UTC) → `2026-01-31T12:00:00.500000Z`. */
export function instantFromText(text: string): string {
  // Nearly always: all six digits, in UTC. The relay reads one with every event.
  if (text.length === 29 && text.endsWith("+00")) return `${text.slice(0, 10)}T${text.slice(11, 26)}Z`;
  const day = text.slice(0, 10);
  const zone = text.indexOf("+", 19);
  const time = text.slice(11, zone === -1 ? undefined : zone);
  const [seconds = "00:00:00", fraction = ""] = time.split(".");
  return `${day}T${seconds}.${fraction.padEnd(6, "0")}Z`;
}

/** A bigint as a number; every count and `seq` fits, and one that does not must not be rounded in silence. */
export function integerFromText(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new RangeError(`bigint ${text} does not fit a safe integer`);
  return value;
}
