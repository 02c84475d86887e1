import { type Static, t } from "elysia";
import { UNITS } from "../../../contracts/construction.ts";
import { pageOf, pageQuery } from "../../../platform/http/page.ts";
import { Id, Instant, nullable, oneOf, shape, text } from "../../../platform/http/shape.ts";
import { MoneyGiven, MoneyShown } from "../amounts.ts";

const Unit = oneOf(UNITS, { description: "piece, kilogram, metre, m², m³, litre, sack, box" });

const example = {
  id: "019c5f3e-8f4b-7c1a-9d3e-2b6f1a0c4d5e",
  code: "CIM-50",
  name: "Cimento CP II 50 kg",
  description: null,
  category: "Cimento",
  unit: "SC",
  base_price: "38.90",
  active: true,
  created_at: "2026-03-02T14:05:09.123456Z",
  updated_at: "2026-03-02T14:05:09.123456Z",
};

export const ProductShown = shape(
  {
    id: Id,
    code: nullable(t.String()),
    name: t.String(),
    description: nullable(t.String()),
    category: nullable(t.String()),
    unit: Unit,
    base_price: MoneyShown,
    active: t.Boolean(),
    created_at: Instant,
    updated_at: Instant,
  },
  { examples: [example] },
);
export const ProductPage = pageOf(ProductShown, example);

const fields = {
  code: t.Optional(nullable(text(60, "CIM-50"))),
  name: text(200, "Cimento CP II 50 kg"),
  description: t.Optional(nullable(text(4000, "Para uso geral"))),
  category: t.Optional(nullable(text(100, "Cimento"))),
  unit: Unit,
  base_price: MoneyGiven,
  active: t.Optional(t.Boolean()),
};

export const NewProduct = shape(fields, {
  examples: [{ code: "CIM-50", name: "Cimento CP II 50 kg", category: "Cimento", unit: "SC", base_price: "38.90" }],
});
export const ProductChanges = t.Partial(shape(fields), {
  additionalProperties: false,
  examples: [{ base_price: "41.50" }],
});

export const ProductQuery = shape({
  ...pageQuery,
  active: t.Optional(t.BooleanString()),
  category: t.Optional(t.String({ maxLength: 100 })),
});

const price = {
  id: "019c5f3e-9a00-7d2b-8c1f-0a1b2c3d4e5f",
  product_id: example.id,
  old_price: "38.90",
  new_price: "41.50",
  user_id: null,
  created_at: "2026-03-09T11:30:00.000000Z",
};
export const PricePage = pageOf(
  shape(
    {
      id: Id,
      product_id: Id,
      old_price: nullable(MoneyShown),
      new_price: MoneyShown,
      user_id: nullable(Id),
      created_at: Instant,
    },
    { examples: [price] },
  ),
  price,
);
export const PriceQuery = shape(pageQuery);

export type NewProduct = Static<typeof NewProduct>;
export type ProductChanges = Static<typeof ProductChanges>;
export type ProductQuery = Static<typeof ProductQuery>;
export type PriceQuery = Static<typeof PriceQuery>;
