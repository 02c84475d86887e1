import { type Static, t } from "elysia";
import { pageOf, pageQuery } from "../../../platform/http/page.ts";
import { Email, Id, Instant, nullable, shape, text } from "../../../platform/http/shape.ts";
import { MoneyGiven, MoneyShown, QuantityGiven, QuantityShown } from "../amounts.ts";

const example = {
  id: "019c5f48-3d4e-7f5a-8b6c-7d8e9f0a1b2c",
  name: "Cimentos do Vale",
  document: "11222333000181",
  email: "vendas@vale.example",
  phone: "+55 12 3600-1000",
  active: true,
  created_at: "2026-03-02T14:05:09.123456Z",
  updated_at: "2026-03-02T14:05:09.123456Z",
};

export const SupplierShown = shape(
  {
    id: Id,
    name: t.String(),
    document: nullable(t.String({ description: "digits and letters only" })),
    email: nullable(t.String()),
    phone: nullable(t.String()),
    active: t.Boolean(),
    created_at: Instant,
    updated_at: Instant,
  },
  { examples: [example] },
);
export const SupplierPage = pageOf(SupplierShown, example);

const fields = {
  name: text(200, example.name),
  document: t.Optional(
    nullable(t.String({ maxLength: 20, description: "CNPJ or CPF", examples: ["11.222.333/0001-81"] })),
  ),
  email: t.Optional(nullable(Email)),
  phone: t.Optional(nullable(text(40, example.phone))),
  active: t.Optional(t.Boolean()),
};
export const NewSupplier = shape(fields, {
  examples: [{ name: example.name, document: "11.222.333/0001-81", email: example.email }],
});
export const SupplierChanges = t.Partial(shape(fields), {
  additionalProperties: false,
  examples: [{ active: false }],
});
export const SupplierQuery = shape({ ...pageQuery, active: t.Optional(t.BooleanString()) });

const price = {
  id: "019c5f4a-4e5f-7a6b-8c7d-8e9f0a1b2c3d",
  supplier_id: example.id,
  product_id: "019c5f3e-8f4b-7c1a-9d3e-2b6f1a0c4d5e",
  price: "29.90",
  min_quantity: "100.000",
  payment_days: 28,
  user_id: "019c5f30-0a0b-7c0d-8e0f-101112131415",
  created_at: "2026-03-02T14:05:09.123456Z",
};
export const SupplierPriceShown = shape(
  {
    id: Id,
    supplier_id: Id,
    product_id: Id,
    price: MoneyShown,
    min_quantity: nullable(QuantityShown),
    payment_days: nullable(t.Integer()),
    user_id: nullable(Id),
    created_at: Instant,
  },
  { examples: [price] },
);
export const SupplierPricePage = pageOf(SupplierPriceShown, price);
export const NewSupplierPrice = shape(
  {
    product_id: Id,
    price: MoneyGiven,
    min_quantity: t.Optional(nullable(QuantityGiven)),
    payment_days: t.Optional(nullable(t.Integer({ minimum: 0, maximum: 3650 }))),
  },
  { examples: [{ product_id: price.product_id, price: price.price, min_quantity: 100, payment_days: 28 }] },
);
export const SupplierPriceQuery = shape(pageQuery);

export type NewSupplier = Static<typeof NewSupplier>;
export type SupplierChanges = Static<typeof SupplierChanges>;
export type SupplierQuery = Static<typeof SupplierQuery>;
export type NewSupplierPrice = Static<typeof NewSupplierPrice>;
export type SupplierPriceQuery = Static<typeof SupplierPriceQuery>;
