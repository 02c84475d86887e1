import { type Static, t } from "elysia";
import { UNITS } from "../../../contracts/construction.ts";
import { pageOf, pageQuery } from "../../../platform/http/page.ts";
import { Id, Instant, nullable, oneOf, shape, text } from "../../../platform/http/shape.ts";
import { QuantityGiven, QuantityShown } from "../amounts.ts";
import { MOVEMENT_TYPES } from "./table.ts";

const level = {
  product_id: "019c5f3e-8f4b-7c1a-9d3e-2b6f1a0c4d5e",
  code: "CIM-50",
  name: "Cimento CP II 50 kg",
  unit: "SC",
  quantity: "120.000",
  updated_at: "2026-03-02T14:05:09.123456Z",
};
export const LevelPage = pageOf(
  shape(
    {
      product_id: Id,
      code: nullable(t.String()),
      name: t.String(),
      unit: oneOf(UNITS),
      quantity: QuantityShown,
      updated_at: nullable(Instant),
    },
    { examples: [level] },
  ),
  level,
);
export const LevelQuery = shape({ ...pageQuery, product_id: t.Optional(Id) });

const movement = {
  id: "019c5f60-0a1b-7c2d-8e3f-405162738495",
  product_id: level.product_id,
  movement_type: "in",
  quantity: "120.000",
  old_quantity: "0.000",
  new_quantity: "120.000",
  reason: "NF 4711",
  order_id: null,
  user_id: "019c5f30-0a0b-7c0d-8e0f-101112131415",
  created_at: "2026-03-02T14:05:09.123456Z",
};
export const MovementShown = shape(
  {
    id: Id,
    product_id: Id,
    movement_type: oneOf(MOVEMENT_TYPES),
    quantity: QuantityShown,
    old_quantity: QuantityShown,
    new_quantity: QuantityShown,
    reason: nullable(t.String()),
    order_id: nullable(Id),
    user_id: nullable(Id),
    created_at: Instant,
  },
  { examples: [movement] },
);
export const MovementPage = pageOf(MovementShown, movement);

export const NewMovement = shape(
  {
    product_id: Id,
    movement_type: oneOf(["in", "out", "adjustment"], { description: "an adjustment sets the level" }),
    quantity: QuantityGiven,
    reason: t.Optional(nullable(text(1000, "NF 4711"))),
  },
  { examples: [{ product_id: level.product_id, movement_type: "in", quantity: 120, reason: "NF 4711" }] },
);
export const MovementQuery = shape({ ...pageQuery, product_id: t.Optional(Id) });

export type LevelQuery = Static<typeof LevelQuery>;
export type NewMovement = Static<typeof NewMovement>;
export type MovementQuery = Static<typeof MovementQuery>;
