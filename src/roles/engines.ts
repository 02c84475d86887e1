import type { EngineProcess } from "../engine-host/engine-process.ts";
import { EngineHost } from "../engine-host/host.ts";
import { engineRoutes, largerBodyOf } from "../engine-host/http.ts";
import { releasePartitions } from "../engine-host/leases.ts";
import { discover, type EngineSource, provideSdk } from "../engine-host/loading.ts";
import { LocalEngine } from "../engine-host/local-engine.ts";
import type { WorkerConnections } from "../engine-host/messages.ts";
import { operatorRoutes } from "../engine-host/operator-routes.ts";
import { PluginWatch } from "../engine-host/watch.ts";
import { WorkerEngine } from "../engine-host/worker-engine.ts";
import { codeOf } from "../platform/database/errors.ts";
import { PostgresDatabase } from "../platform/database/postgres.ts";
import { OWNER } from "../platform/database/roles.ts";
import type { Role } from "../runtime/role.ts";
import type { OpenedDatabase, Parts } from "./parts.ts";

/** The engine host: built-in and drop-in engines, each in its Worker, or all in this thread in embedded mode. */
export async function enginesRole(parts: Parts, opened: OpenedDatabase): Promise<Role> {
  const { config, metrics, readiness } = parts;
  const log = parts.log.child({ role: "engines" });
  const host = new EngineHost({
    database: opened.database,
    sources: discover(config.plugins_dir),
    processFor: await processes(parts, opened, log),
    log,
    metrics,
  });
  readiness.add("engines", () => host.check());
  const watch = config.watch ? new PluginWatch(config.plugins_dir, host, log) : undefined;
  return {
    name: "engines",
    mount: (app) => app.use(engineRoutes(host, opened.database)).use(operatorRoutes(opened.database)),
    largerBody: (method, path) => largerBodyOf(host, method, path),
    start: async () => {
      await host.start();
      watch?.start();
    },
    stop: async () => {
      await watch?.stop();
      await host.stop();
    },
  };
}

async function processes(
  parts: Parts,
  { database, session_role }: OpenedDatabase,
  log: Parts["log"],
): Promise<(source: EngineSource) => EngineProcess> {
  const { config, streams, tracing } = parts;
  if (config.parts.kind === "embedded") {
    await provideSdk();
    const installed = { database, installer: database, streams, log, tracing, environment: process.env };
    return (source) => new LocalEngine(source, installed);
  }
  const { database_url, redis_url } = config.parts;
  const installer_url = config.database_direct_url ?? database_url;
  const connections = once(async (): Promise<WorkerConnections> => {
    return {
      database_url,
      database_role: session_role,
      prepare: !config.database_pooled,
      installer_url: (await mayInstall(installer_url)) ? installer_url : undefined,
      redis_url,
      log_level: config.log_level,
      otlp: config.otlp && { ...config.otlp, service: "basecommerce-engines" },
    };
  });
  const released = (engine: string, owner: string) => {
    releasePartitions(database, engine, owner).catch((error) =>
      log.warn({ err: error, engine }, "partitions not freed"),
    );
  };
  return (source) => new WorkerEngine(source, connections, log, released);
}

/** Asked for by every engine, made for the first. */
function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

/** Whether this login may become the owner, and so make an engine's roles and schema by itself. */
async function mayInstall(url: string): Promise<boolean> {
  const probe = new PostgresDatabase({ url, application_name: "basecommerce install", max: 1, prepare: false });
  try {
    const [answer] = await probe.query<{ able: boolean }>("select pg_has_role(session_user, $1, 'member') as able", [
      OWNER,
    ]);
    return answer?.able ?? false;
  } catch (error) {
    if (codeOf(error) === "42704") return false;
    throw error;
  } finally {
    await probe.close();
  }
}
