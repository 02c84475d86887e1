import { Type } from "typebox";
import { Day, Instant, Money, nullable, Percent, payload, Quantity, Uuid } from "./contract.ts";

/** Units in which building materials are sold: piece, kilogram, metre, square and cubic metre, litre, sack, box. */
export const UNITS = ["UN", "KG", "M", "M2", "M3", "L", "SC", "CX"] as const;
export const ORDER_STATUSES = ["pending", "preparing", "out_for_delivery", "delivered", "cancelled"] as const;

const Unit = Type.Enum([...UNITS]);
const OrderStatus = Type.Enum([...ORDER_STATUSES]);

const Items = Type.Array(payload({ product_id: Uuid, quantity: Quantity, unit_price: Money, total_value: Money }));

export const Address = payload({
  street: Type.String(),
  number: nullable(Type.String()),
  district: nullable(Type.String()),
  city: Type.String(),
  state: Type.String(),
  postal_code: nullable(Type.String()),
});

const quoteStep = {
  version: 1,
  key: "quote_id",
  payload: payload({ quote_id: Uuid, customer_id: Uuid, total_value: Money, user_id: nullable(Uuid) }),
};

/** The events of the stream `construction`, written by the building-materials vertical. */
export const construction = {
  product_created: {
    version: 1,
    key: "product_id",
    payload: payload({
      product_id: Uuid,
      code: nullable(Type.String()),
      name: Type.String(),
      category: nullable(Type.String()),
      unit: Unit,
      base_price: Money,
    }),
  },
  product_updated: {
    version: 1,
    key: "product_id",
    payload: payload({
      product_id: Uuid,
      code: nullable(Type.String()),
      name: Type.String(),
      category: nullable(Type.String()),
      unit: Unit,
      active: Type.Boolean(),
      user_id: nullable(Uuid),
    }),
  },
  product_price_updated: {
    version: 1,
    key: "product_id",
    payload: payload({ product_id: Uuid, old_price: Money, new_price: Money, user_id: nullable(Uuid) }),
  },
  /** Whoever keeps copies of a customer's personal data blanks them; figures stay. */
  customer_anonymized: {
    version: 1,
    key: "customer_id",
    payload: payload({ customer_id: Uuid, user_id: nullable(Uuid) }),
  },
  supplier_updated: {
    version: 1,
    key: "supplier_id",
    payload: payload({ supplier_id: Uuid, name: Type.String(), active: Type.Boolean(), user_id: nullable(Uuid) }),
  },
  supplier_price_registered: {
    version: 1,
    key: "product_id",
    payload: payload({
      supplier_id: Uuid,
      supplier_name: Type.String(),
      product_id: Uuid,
      price: Money,
      min_quantity: nullable(Quantity),
      payment_days: nullable(Type.Integer()),
    }),
  },
  stock_updated: {
    version: 1,
    key: "product_id",
    payload: payload({
      product_id: Uuid,
      movement_type: Type.Enum(["in", "out", "adjustment", "sale"]),
      old_quantity: Quantity,
      new_quantity: Quantity,
      reason: nullable(Type.String()),
      order_id: nullable(Uuid),
      user_id: nullable(Uuid),
    }),
  },
  quote_created: {
    version: 1,
    key: "quote_id",
    payload: payload({
      quote_id: Uuid,
      customer_id: Uuid,
      user_id: nullable(Uuid),
      job_site_id: nullable(Uuid),
      total_value: Money,
      discount_percent: Percent,
      items_count: Type.Integer({ minimum: 1 }),
      items: Items,
    }),
  },
  quote_sent: quoteStep,
  quote_approved: quoteStep,
  quote_cancelled: quoteStep,
  quote_converted: {
    version: 1,
    key: "order_id",
    payload: payload({
      quote_id: Uuid,
      order_id: Uuid,
      customer_id: Uuid,
      user_id: nullable(Uuid),
      job_site_id: nullable(Uuid),
      total_value: Money,
      converted_at: Instant,
      items: Items,
    }),
  },
  order_created: {
    version: 1,
    key: "order_id",
    payload: payload({
      order_id: Uuid,
      number: Type.String(),
      quote_id: nullable(Uuid),
      customer_id: Uuid,
      customer_name: Type.String(),
      job_site_id: nullable(Uuid),
      delivery_date: nullable(Day),
      delivery_address: nullable(Address),
      total_value: Money,
      items: Items,
    }),
  },
  /** A pending order is to be delivered on another day; null when no day is fixed any more. */
  order_rescheduled: {
    version: 1,
    key: "order_id",
    payload: payload({ order_id: Uuid, delivery_date: nullable(Day), user_id: nullable(Uuid) }),
  },
  order_status_changed: {
    version: 1,
    key: "order_id",
    payload: payload({
      order_id: Uuid,
      old_status: OrderStatus,
      new_status: OrderStatus,
      changed_at: Instant,
      user_id: nullable(Uuid),
    }),
  },
  sale_recorded: {
    version: 1,
    key: "order_id",
    payload: payload({
      order_id: Uuid,
      quote_id: nullable(Uuid),
      customer_id: Uuid,
      job_site_id: nullable(Uuid),
      delivered_at: Instant,
      total_value: Money,
      items: Items,
    }),
  },
} as const;

export type Construction = typeof construction;
