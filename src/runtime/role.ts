import type { AnyElysia } from "elysia";
import type { RoleName } from "../config/config.ts";

/** One role of the process. Starts once, stops once; stopping again is harmless. */
export interface Role {
  readonly name: RoleName;
  /** Adds the role's routes; the gate stands before all of them. */
  mount?(app: AnyElysia): AnyElysia;
  /** Bytes a body may have at a route of its own that takes more than others. */
  largerBody?(method: string, path: string): number | undefined;
  start(): Promise<void>;
  /** Finishes the work in hand. */
  stop(): Promise<void>;
}
