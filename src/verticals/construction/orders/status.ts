import { ORDER_STATUSES } from "../../../contracts/construction.ts";
import type { Transitions } from "../documents/transitions.ts";

export { ORDER_STATUSES };
export type OrderStatus = (typeof ORDER_STATUSES)[number];

export const orderTransitions: Transitions<OrderStatus> = {
  pending: ["preparing", "cancelled"],
  preparing: ["out_for_delivery", "cancelled"],
  out_for_delivery: ["delivered", "cancelled"],
  delivered: [],
  cancelled: [],
};
