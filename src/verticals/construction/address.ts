import { type Static, t } from "elysia";
import { nullable, shape, text } from "../../platform/http/shape.ts";

const example = {
  street: "Rua das Acácias",
  number: "120",
  district: "Centro",
  city: "Campinas",
  state: "SP",
  postal_code: "13010-111",
};

export const AddressGiven = shape(
  {
    street: text(200, example.street),
    number: t.Optional(nullable(text(20, example.number))),
    district: t.Optional(nullable(text(100, example.district))),
    city: text(100, example.city),
    state: t.String({ pattern: "^[A-Z]{2}$", description: "two letters", examples: ["SP"] }),
    postal_code: t.Optional(nullable(t.String({ pattern: "^\\d{5}-?\\d{3}$", examples: ["13010-111"] }))),
  },
  { examples: [example] },
);

export const AddressShown = shape(
  {
    street: t.String(),
    number: nullable(t.String()),
    district: nullable(t.String()),
    city: t.String(),
    state: t.String(),
    postal_code: nullable(t.String()),
  },
  { examples: [example] },
);

export type Address = Static<typeof AddressShown>;

/** What was given with null for what was not: events always carry every field. */
export function readAddress(given: Static<typeof AddressGiven> | null | undefined): Address | null {
  if (!given) return null;
  const { street, number, district, city, state, postal_code } = given;
  return {
    street,
    number: number ?? null,
    district: district ?? null,
    city,
    state,
    postal_code: postal_code ?? null,
  };
}
