import { Elysia } from "elysia";
import { forbidden } from "../platform/http/problem.ts";
import type { RouteContext } from "./context.ts";

/**
 * The app an engine's routes are added to. `access: "admin"` on a route refuses sellers with 403. Unknown fields in a
 * body are refused, as everywhere in the API.
 */
export function engineApp<Config>(contextOf: (request: Request) => RouteContext<Config>) {
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

export type EngineApp<Config> = ReturnType<typeof engineApp<Config>>;
