import { heapSize } from "bun:jsc";
import { isTransient } from "../platform/database/errors.ts";
import { PostgresDatabase } from "../platform/database/postgres.ts";
import { APPENDING } from "../platform/events/ledger.ts";
import { giveBackAfterStart } from "../platform/memory.ts";
import { createLog } from "../platform/observability/log.ts";
import { NO_TRACING } from "../platform/observability/tracing.ts";
import { RedisStreams } from "../platform/streams/redis.ts";
import { EngineInstance } from "./instance.ts";
import type { EngineSource } from "./loading.ts";
import { load, provideSdk } from "./loading.ts";
import type { FromWorker, ToWorker, WorkerConnections } from "./messages.ts";

// The entry of an engine's Worker: one engine, with connections of its own, spoken to by messages.

declare const self: Worker;

/** A statement of an engine takes this long at most, or as long as its handlers may. */
const STATEMENT_MS = 45_000;
/** After this much longer without an answer a connection is given up: the server would have ended the statement. */
const BEYOND_STATEMENT_MS = 15_000;

let instance: EngineInstance | undefined;
let closeParts: () => Promise<void> = async () => undefined;

function tell(message: FromWorker): void {
  postMessage(message);
}

async function start(source: EngineSource, connections: WorkerConnections, owner: string): Promise<void> {
  await provideSdk();
  const log = (await createLog(connections.log_level)).child({ engine: source.name });
  const definition = await load(source);
  tell({ type: "loaded" });
  const { database_url, database_role, prepare, installer_url, redis_url, otlp } = connections;
  const tracing = otlp ? (await import("../platform/observability/otlp.ts")).otlpTracing(otlp, log) : NO_TRACING;
  const application_name = `basecommerce engine ${source.name}`;
  const database = new PostgresDatabase({
    ...{ url: database_url, role: database_role, application_name, prepare, max: 3 },
    foreseen: [APPENDING],
    answer_timeout_ms: Math.max(STATEMENT_MS, definition.handler_timeout_ms ?? 0) + BEYOND_STATEMENT_MS,
  });
  const installer =
    installer_url === undefined ? undefined : new PostgresDatabase({ url: installer_url, application_name, max: 1 });
  const streams = new RedisStreams(redis_url, `engine-${source.name}`, (error) => log.warn({ err: error }, "redis"));
  closeParts = async () => {
    await Promise.all([database.close(), streams.close(), tracing.close()]);
  };
  // The entry of its own thread: what the operator set for this engine is its to read.
  const environment = process.env;
  const starting = () => tell({ type: "starting" });
  const parts = { database, installer, streams, log, owner, tracing, environment, starting };
  instance = new EngineInstance(definition, parts);
  await instance.start();
  await installer?.close();
  tell({ type: "running", manifest: instance.manifest, settings: instance.settings });
  giveBackAfterStart();
}

self.onmessage = async ({ data }: MessageEvent<ToWorker>) => {
  switch (data.type) {
    case "start":
      try {
        await start(data.source, data.connections, data.owner);
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        // Only surroundings that fail may be better the next time; code that does not load or install will not.
        tell({ type: "failed", reason, permanent: !isTransient(error) });
      }
      return;
    case "request":
      if (instance) tell({ type: "response", id: data.id, response: await instance.handle(data.request) });
      return;
    case "stats":
      if (instance?.stats) {
        tell({ type: "stats", id: data.id, stats: { ...instance.stats, heap_bytes: heapSize() } });
      }
      return;
    case "rebalance":
      instance?.rebalance();
      return;
    case "stop":
      await instance?.stop();
      await closeParts();
      tell({ type: "stopped" });
  }
};
