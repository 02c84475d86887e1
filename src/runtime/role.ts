import type { AnyElysia } from "elysia";
import type { RoleName } from "../config/config.ts";

/** One role of the process. Starts once, stops once; stopping again is harmless. */
export interface Role {
  readonly name: RoleName;
  /** Adds the role's routes; the gate stands before all of them. */
  mount?(app: AnyElysia): AnyElysia;
  start(): Promise<void>;
  /** Finishes the work in hand. */
  stop(): Promise<void>;
}
