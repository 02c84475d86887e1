import { Elysia } from "elysia";
import { forbidden } from "../platform/http/problem.ts";
import type { RouteContext } from "./context.ts";
import type { EmitContracts } from "./emits.ts";

/**
 * The app an engine's routes are added to. `access: "admin"` on a route refuses sellers with 403. Unknown fields in a
 * body are refused, as everywhere in the API.
 */
export function engineApp<Config, Emits extends EmitContracts>(
  contextOf: (request: Request) => RouteContext<Config, Emits>,
) {
  return new Elysia({ normalize: false, handler: { standardHostname: false } })
    .derive({ as: "global" }, ({ request }) => ({ ...contextOf(request) }))
    .macro({
      access: (role: "admin" | "seller") => ({
        beforeHandle({ request }) {
          if (role === "admin" && contextOf(request).user.role !== "admin") {
            throw forbidden("only an admin of the shop may do this");
          }
        },
      }),
    });
}

/** `Emits` is what the engine declares as `emits`. */
export type EngineApp<Config, Emits extends EmitContracts = Record<never, never>> = ReturnType<
  typeof engineApp<Config, Emits>
>;
