import { type Construction, construction } from "../contracts/construction.ts";
import type { Database } from "../platform/database/database.ts";
import { VERTICAL } from "../platform/database/roles.ts";
import { EventContracts } from "../platform/events/ledger.ts";
import { identityRoutes } from "../platform/identity/index.ts";
import { UnitOfWork } from "../platform/tenancy/unit-of-work.ts";
import type { Role } from "../runtime/role.ts";
import { constructionRoutes } from "../verticals/construction/index.ts";
import type { Admission } from "./admission.ts";
import { CONSTRUCTION_STREAM, type Parts } from "./parts.ts";

/** Units of work of the construction vertical on `database`. */
export function constructionWork(parts: Parts, database: Database): UnitOfWork<Construction> {
  return new UnitOfWork<Construction>({
    database,
    role: VERTICAL,
    contracts: new EventContracts(CONSTRUCTION_STREAM, construction),
    partitions: parts.config.stream_partitions,
    committed: () => parts.streams.wake(),
  });
}

/** The vertical: signing in, the shop's people, and the API of the trade. */
export function verticalRole(parts: Parts, database: Database, admission: Admission): Role {
  const log = parts.log.child({ role: "vertical" });
  const { tokens, sessions, limits, tenants } = admission;
  const uow = constructionWork(parts, database);
  return {
    name: "vertical",
    mount: (app) =>
      app
        .use(identityRoutes({ database, role: VERTICAL, tokens, sessions, limits, tenants, log }))
        .use(constructionRoutes({ uow })),
    start: async () => undefined,
    stop: async () => undefined,
  };
}
