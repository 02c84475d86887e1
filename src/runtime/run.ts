import type { AnyElysia } from "elysia";
import { giveBackAfterStart } from "../platform/memory.ts";
import type { Log } from "../platform/observability/log.ts";
import type { Readiness } from "../platform/observability/readiness.ts";
import { type HttpServer, listen } from "./http-server.ts";
import type { Role } from "./role.ts";

export interface Running {
  readonly server: HttpServer;
  /** Turns `/ready` to 503, waits for proxies to look away, finishes the work in hand, closes everything. */
  stop(): Promise<void>;
}

export interface RunOptions {
  roles: readonly Role[];
  app: AnyElysia;
  host: string;
  port: number;
  readiness: Readiness;
  log: Log;
  drain_ms: number;
  deadline_ms: number;
  /** Closes what the roles share, after they have stopped. */
  close(): Promise<void>;
}

/** Brings the roles up behind one HTTP server: alive first, ready when all have started. */
export async function run(options: RunOptions): Promise<Running> {
  const { roles, app, host, port, readiness, log, drain_ms, deadline_ms, close } = options;
  const server = listen(app, host, port);
  await Promise.all(roles.map((role) => role.start()));
  readiness.serving();
  log.info({ roles: roles.map(({ name }) => name), url: server.url }, "ready");
  giveBackAfterStart();
  let stopping: Promise<void> | undefined;
  const stop = async () => {
    readiness.draining();
    log.info("draining");
    await Bun.sleep(drain_ms);
    await server.stop(deadline_ms);
    await Promise.all(roles.map((role) => role.stop()));
    await close();
    log.info("stopped");
  };
  return {
    server,
    stop: () => {
      stopping ??= stop();
      return stopping;
    },
  };
}
