import { expect, test } from "bun:test";
import pino from "pino";
import { EngineHost } from "../../src/engine-host/host.ts";
import { engineRoutes, shownEngine } from "../../src/engine-host/http.ts";
import { manifestOf } from "../../src/engine-host/manifest.ts";
import { PostgresDatabase } from "../../src/platform/database/postgres.ts";
import { apiDocument } from "../../src/platform/http/api-document.ts";
import { Metrics } from "../../src/platform/observability/metrics.ts";
import { recorder } from "./recorder.ts";

const engine = {
  name: "recorder",
  state: { state: "failed", reason: "a password is missing" } as const,
  manifest: manifestOf(recorder()),
  source: { kind: "folder", name: "recorder", entry: "/srv/plugins/recorder/engine.ts" } as const,
};
const shown = {
  ...{ name: "recorder", version: "1.0.0", description: "Remembers what it handled, in order" },
  ...{ state: "failed" as const, enabled: true },
};
const setting = { enabled: true, config: { address: "https://hook.example/secret" } };

test("a seller learns which engines there are, not how they are set nor what is wrong", () => {
  expect(shownEngine(engine, setting, "seller")).toEqual(shown);
});

test("an admin learns all of it but where its files are", () => {
  const more = {
    source: "folder" as const,
    reason: "a password is missing",
    subscriptions: { construction: ["stock_updated"] },
  };
  expect(shownEngine(engine, setting, "admin")).toEqual({ ...shown, ...more, config: setting.config });
});

test("what the platform itself answers about engines is described, by examples", async () => {
  // Nothing is asked of it.
  const database = new PostgresDatabase({ url: "postgres://127.0.0.1:1/none", application_name: "test", max: 1 });
  const processFor = () => {
    throw new Error("there are no engines");
  };
  const parts = { database, log: pino({ level: "silent" }), metrics: new Metrics(), processFor, sources: [] };
  const host = new EngineHost(parts);
  const info = { title: "BaseCommerce", version: "1.0.0", description: "A test's." };
  const { paths } = await apiDocument(engineRoutes(host, database), info);
  const json = (schema: unknown) => ({ content: { "application/json": { schema } } });
  const item = expect.objectContaining({ examples: [expect.objectContaining({ name: "stock", state: "running" })] });
  expect(paths).toEqual({
    "/api/v1/engines": {
      get: expect.objectContaining({
        summary: "List the engines and whether they are on for the shop",
        responses: expect.objectContaining({
          200: expect.objectContaining(
            json(expect.objectContaining({ properties: { items: expect.objectContaining({ items: item }) } })),
          ),
        }),
      }),
    },
    "/api/v1/engines/{name}": {
      put: expect.objectContaining({
        summary: "Switch an engine for the shop, and set it",
        responses: expect.objectContaining({ 200: expect.anything(), 403: expect.anything(), 404: expect.anything() }),
      }),
    },
  });
});
