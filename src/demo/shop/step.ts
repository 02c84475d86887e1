import type { ShopWork } from "../../verticals/construction/work.ts";

/** One thing that happened in the shop's past. */
export interface Step {
  /** Milliseconds of UTC. */
  at: number;
  by: "admin" | "seller";
  act(work: ShopWork): Promise<void>;
}
