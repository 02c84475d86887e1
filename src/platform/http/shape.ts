import { type TSchema, t } from "elysia";

/**
 * An object that has these fields and no others, at whatever depth it stands: Elysia closes the outermost object only,
 * an unknown field further in would pass in silence.
 */
export function shape<P extends Record<string, TSchema>>(
  properties: P,
  options: { description?: string; examples?: unknown[] } = {},
) {
  return t.Object(properties, { ...options, additionalProperties: false });
}

/** A value that is always present and may be null. */
export function nullable<S extends TSchema>(schema: S) {
  return t.Union([schema, t.Null()]);
}

/** One of some words. Not Elysia's UnionEnum: that one fills in its first word where the field is left out. */
export function oneOf<const W extends readonly string[]>(words: W, options: { description?: string } = {}) {
  const literals = words.map((word) => t.Literal(word));
  // Unsafe only names the type; the union is checked as it is.
  return t.Unsafe<W[number]>(t.Union(literals, { examples: [words[0]], ...options }));
}

/** Id of anything: UUID v7 where it was made here. */
export const Id = t.String({ format: "uuid", examples: ["019c5f3e-8f4b-7c1a-9d3e-2b6f1a0c4d5e"] });

/** Path of one thing: `/{id}`. A malformed id is 422. */
export const IdPath = shape({ id: Id });

/** RFC 3339 UTC with microseconds. */
export const Instant = t.String({
  pattern: "^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}\\.\\d{6}Z$",
  examples: ["2026-03-02T14:05:09.123456Z"],
});

/** Text of one line or more that must say something. */
export function text(maxLength: number, example: string) {
  return t.String({ minLength: 1, maxLength, pattern: "\\S", examples: [example] });
}

export const Email = t.String({ format: "email", maxLength: 254, examples: ["ana@casaverde.example"] });
