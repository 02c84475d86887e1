import type { Construction } from "../../contracts/construction.ts";
import type { UnitOfWork, Work } from "../../platform/tenancy/unit-of-work.ts";

/** One transaction of one shop. */
export type ShopWork = Work<Construction>;

/** What this vertical stands on. */
export interface ConstructionParts {
  uow: UnitOfWork<Construction>;
}
