import type { AnyElysia } from "elysia";
import { version } from "../../package.json" with { type: "json" };
import type { Config, RoleName } from "../config/config.ts";
import { streams } from "../contracts/index.ts";
import { LARGEST_BODY_BYTES } from "../engine-host/body-limits.ts";
import type { Database } from "../platform/database/database.ts";
import { ENGINES, VERTICAL } from "../platform/database/roles.ts";
import { createApp } from "../platform/http/app.ts";
import { asyncApiDocument } from "../platform/http/asyncapi-document.ts";
import { documentRoutes } from "../platform/http/document-routes.ts";
import type { Log } from "../platform/observability/log.ts";
import { Metrics } from "../platform/observability/metrics.ts";
import { Readiness } from "../platform/observability/readiness.ts";
import { NO_TRACING, type Tracing } from "../platform/observability/tracing.ts";
import type { Role } from "../runtime/role.ts";
import { type Admission, admission, MAX_BODY_BYTES } from "./admission.ts";
import type { BaseParts, Parts } from "./parts.ts";
import { secretKey } from "./secret.ts";

/**
 * Longer than any statement of a vertical may take (15 s), shorter than the edge waits for an answer (35 s): of a database
 * that froze or lost its power clients hear from us.
 */
const VERTICAL_ANSWER_MS = 20_000;

export interface Composition {
  parts: Parts;
  roles: Role[];
  app: AnyElysia;
  /** The vertical's own database; absent where no vertical runs. */
  vertical: Database | undefined;
  close(): Promise<void>;
}

function documents(app: () => AnyElysia): AnyElysia {
  const about = { title: "BaseCommerce", version, description: "Quotes, orders, stock and deliveries of a shop" };
  return documentRoutes({ ...about, app, events: () => asyncApiDocument(streams, about) });
}

async function openParts(base: BaseParts): Promise<Parts> {
  const { parts } = base.config;
  if (parts.kind === "server") {
    const { serverParts } = await import("./server-parts.ts");
    return serverParts(base, parts.database_url, parts.redis_url);
  }
  const { embeddedParts } = await import("./embedded-parts.ts");
  return await embeddedParts(base, parts.data_dir);
}

/** The library that sends traces is loaded only where there is somebody to send them to. */
async function openTracing({ otlp, roles }: Config, log: Log): Promise<Tracing> {
  if (!otlp) return NO_TRACING;
  const { otlpTracing } = await import("../platform/observability/otlp.ts");
  return otlpTracing({ ...otlp, service: `basecommerce-${roles.length === 1 ? roles[0] : "all"}` }, log);
}

/** Puts the configured roles together behind one app. Connects, but starts nothing yet. */
export async function compose(config: Config, log: Log): Promise<Composition> {
  const metrics = new Metrics();
  const readiness = new Readiness();
  const tracing = await openTracing(config, log);
  const parts = await openParts({ config, log, metrics, readiness, tracing });
  const wanted = (role: RoleName) => config.roles.includes(role);
  const roles: Role[] = [];
  let door: Admission | undefined;
  let vertical: Database | undefined;
  const largerBody = (method: string, path: string) =>
    roles.map((role) => role.largerBody?.(method, path)).find((bytes) => bytes !== undefined);
  try {
    const secret = secretKey(config);
    if (wanted("vertical") && secret !== undefined) {
      // The code is loaded while the servers answer.
      const [opened, { verticalRole }] = await Promise.all([
        parts.open(VERTICAL, config.database_pool, VERTICAL_ANSWER_MS),
        import("./vertical.ts"),
      ]);
      vertical = opened.database;
      door = admission(parts, { database: vertical, role: VERTICAL, secret, largerBody });
      roles.push(verticalRole(parts, vertical, door));
    }
    if (wanted("relay")) {
      const { relayRole } = await import("./relay.ts");
      roles.push(await relayRole(parts));
    }
    if (wanted("engines") && secret !== undefined) {
      const [opened, { enginesRole }] = await Promise.all([parts.open(ENGINES, 3), import("./engines.ts")]);
      door ??= admission(parts, { database: opened.database, role: ENGINES, secret, largerBody });
      roles.push(await enginesRole(parts, opened));
    }
  } catch (error) {
    door?.close();
    await parts.close();
    throw error;
  }
  const app: AnyElysia = createApp(
    {
      log,
      metrics,
      readiness,
      cors_origins: config.cors_origins,
      max_body_bytes: MAX_BODY_BYTES,
      ...(wanted("engines") && { largest_body_bytes: LARGEST_BODY_BYTES }),
      ...(door === undefined ? {} : { gate: door.gate }),
    },
    (root) => {
      let mounted = door === undefined ? root : root.use(documents(() => app));
      for (const role of roles) mounted = role.mount?.(mounted) ?? mounted;
      return mounted;
    },
  );
  return {
    parts,
    roles,
    app,
    vertical,
    close: async () => {
      door?.close();
      await parts.close();
      await tracing.close();
    },
  };
}
