import type { ValidationError } from "elysia";
import type { FieldError } from "./problem.ts";

/** More would only repeat themselves, and make a small request a large answer. */
export const MAX_ERRORS = 20;

/** What a validator found: a place, a reason, and for one of several shapes what each of them lacks. */
interface Found {
  path: string;
  message?: unknown;
  schema?: unknown;
  errors?: unknown;
}

/** The fields that are wrong, each once, with the reason; never the value found. */
export function fieldErrorsOf(error: ValidationError): FieldError[] {
  const errors: FieldError[] = [];
  for (const outermost of error.all) {
    for (const found of reasons(outermost)) {
      if (errors.some((known) => known.path === found.path)) continue;
      errors.push({ path: found.path, message: messageOf(found) });
      if (errors.length === MAX_ERRORS) return errors;
    }
  }
  return errors;
}

/** A field that may be null and is not is wrong by what it should be otherwise: the reason lies further in. */
function* reasons(found: unknown): Generator<Found> {
  if (!isFound(found)) return;
  const options = optionsOf(found.schema);
  const other = options?.findIndex((option) => !isNull(option));
  if (options?.length !== 2 || other === undefined || !options.some(isNull) || !Array.isArray(found.errors)) {
    yield found;
    return;
  }
  const inner: unknown = found.errors[other];
  if (!isIterable(inner)) return;
  for (const reason of inner) yield* reasons(reason);
}

function messageOf(found: Found): string {
  const options = optionsOf(found.schema);
  const words = options?.map((option) => (hasKey(option, "const") ? String(option.const) : undefined));
  if (words?.every((word) => word !== undefined)) return `must be ${words.join(" or ")}`;
  return typeof found.message === "string" ? found.message : "is not valid";
}

function optionsOf(schema: unknown): unknown[] | undefined {
  return hasKey(schema, "anyOf") && Array.isArray(schema.anyOf) ? schema.anyOf : undefined;
}

function isNull(schema: unknown): boolean {
  return hasKey(schema, "type") && schema.type === "null";
}

function isFound(value: unknown): value is Found {
  return hasKey(value, "path") && typeof value.path === "string";
}

function hasKey<K extends string>(value: unknown, key: K): value is Record<K, unknown> {
  return typeof value === "object" && value !== null && key in value;
}

function isIterable(value: unknown): value is Iterable<unknown> {
  return typeof value === "object" && value !== null && Symbol.iterator in value;
}
