import { type Static, t } from "elysia";
import { pageOf, pageQuery } from "../../../platform/http/page.ts";
import { Email, Id, Instant, nullable, oneOf, shape, text } from "../../../platform/http/shape.ts";
import { AddressGiven, AddressShown } from "../address.ts";
import { CUSTOMER_KINDS } from "./table.ts";

const Kind = oneOf(CUSTOMER_KINDS, { description: "decides whether `document` is a CPF or a CNPJ" });

const example = {
  id: "019c5f40-1b2c-7d3e-8f4a-5b6c7d8e9f00",
  kind: "company",
  name: "Construtora Horizonte Ltda",
  document: "12ABC34501DE35",
  email: "obras@horizonte.example",
  phone: "+55 19 3232-1000",
  address: {
    street: "Rua das Acácias",
    number: "120",
    district: "Centro",
    city: "Campinas",
    state: "SP",
    postal_code: "13010-111",
  },
  notes: null,
  anonymized_at: null,
  created_at: "2026-03-02T14:05:09.123456Z",
  updated_at: "2026-03-02T14:05:09.123456Z",
};

export const CustomerShown = shape(
  {
    id: Id,
    kind: Kind,
    name: t.String(),
    document: nullable(t.String({ description: "digits and letters only" })),
    email: nullable(t.String()),
    phone: nullable(t.String()),
    address: nullable(AddressShown),
    notes: nullable(t.String()),
    anonymized_at: nullable(Instant),
    created_at: Instant,
    updated_at: Instant,
  },
  { examples: [example] },
);
export const CustomerPage = pageOf(CustomerShown, example);

const fields = {
  kind: Kind,
  name: text(200, example.name),
  document: t.Optional(nullable(t.String({ maxLength: 20, examples: ["12.ABC.345/01DE-35"] }))),
  email: t.Optional(nullable(Email)),
  phone: t.Optional(nullable(text(40, example.phone))),
  address: t.Optional(nullable(AddressGiven)),
  notes: t.Optional(nullable(text(4000, "Entrega só de manhã"))),
};

export const NewCustomer = shape(fields, {
  examples: [
    {
      kind: "individual",
      name: "Maria da Silva",
      document: "529.982.247-25",
      phone: "+55 19 99999-1234",
      address: example.address,
    },
  ],
});
export const CustomerChanges = t.Partial(shape(fields), {
  additionalProperties: false,
  examples: [{ phone: "+55 19 98888-4321" }],
});
export const CustomerQuery = shape({ ...pageQuery, kind: t.Optional(Kind) });

export type NewCustomer = Static<typeof NewCustomer>;
export type CustomerChanges = Static<typeof CustomerChanges>;
export type CustomerQuery = Static<typeof CustomerQuery>;
