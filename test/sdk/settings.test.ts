import { describe, expect, test } from "bun:test";
import { defineEngine, operatorSettings, Type } from "@basecommerce/engine";
import { testEngine } from "@basecommerce/engine/testing";
import { checkedDefinition } from "../../src/engine-host/manifest.ts";
import { readSettings, settingsProblem } from "../../src/engine-host/operator-settings.ts";

const settings = operatorSettings({
  api_key: Type.String({ minLength: 8, secret: true, description: "key of the mail service" }),
  pause_ms: Type.Integer({ minimum: 0, default: 100 }),
  verbose: Type.Boolean({ default: false }),
  proxy: Type.Optional(Type.String()),
});

const mailer = defineEngine({
  name: "stock-mailer",
  version: "1.0.0",
  description: "Mails",
  from: "now",
  settings,
  subscriptions: {},
  routes: (app) => app.get("/pause", () => ({ pause_ms: settings.value.pause_ms })),
});
const checked = checkedDefinition(mailer, "stock-mailer");
const read = (environment: Record<string, string>) => readSettings(checked, environment);
const KEY = "5ecret-of-nobody";

describe("what operators set for an engine", () => {
  test("is read from variables of the engine's name, by type, with defaults; a secret is not shown", () => {
    const shown = read({ STOCK_MAILER_API_KEY: KEY, STOCK_MAILER_VERBOSE: "true", PAUSE_MS: "5" });
    expect(settings.value).toEqual({ api_key: KEY, pause_ms: 100, verbose: true });
    expect(shown).toEqual({
      STOCK_MAILER_API_KEY: "(set)",
      STOCK_MAILER_PAUSE_MS: 100,
      STOCK_MAILER_VERBOSE: true,
      STOCK_MAILER_PROXY: null,
    });
  });

  test("keeps the engine from starting when it is missing or wrong, and is not repeated", () => {
    const cases: [Record<string, string>, string][] = [
      [{}, "set STOCK_MAILER_API_KEY: key of the mail service"],
      [{ STOCK_MAILER_API_KEY: "5ecret" }, "STOCK_MAILER_API_KEY must not have fewer than 8 characters"],
      [{ STOCK_MAILER_API_KEY: KEY, STOCK_MAILER_VERBOSE: "yes" }, "STOCK_MAILER_VERBOSE must be boolean"],
      [{ STOCK_MAILER_API_KEY: KEY, STOCK_MAILER_PAUSE_MS: "1.5" }, "STOCK_MAILER_PAUSE_MS must be integer"],
      [{ STOCK_MAILER_API_KEY: KEY, STOCK_MAILER_PAUSE_MS: "-1" }, "STOCK_MAILER_PAUSE_MS must be >= 0"],
    ];
    for (const [environment, reason] of cases) {
      expect(() => read(environment)).toThrow(reason);
      expect(() => read(environment)).not.toThrow(/5ecret/);
    }
  });

  test("can only be what a variable can say", () => {
    const wrong = operatorSettings({ hosts: Type.Array(Type.String()) });
    expect(settingsProblem({ ...checked, settings: wrong })).toContain("settings.hosts: must be a string, number");
    const preset = operatorSettings({ pause_ms: Type.Integer({ default: "soon" }) });
    expect(settingsProblem({ ...checked, settings: preset })).toContain("settings.pause_ms: its default does not fit");
    expect(settingsProblem(checked)).toBeUndefined();
  });

  test("is a test's to say, and to change", async () => {
    await expect(testEngine(mailer)).rejects.toThrow("set STOCK_MAILER_API_KEY");
    await using engine = await testEngine(mailer, { environment: { STOCK_MAILER_API_KEY: KEY } });
    expect((await engine.request("GET", "/pause")).body).toEqual({ pause_ms: 100 });
    engine.operate({ STOCK_MAILER_API_KEY: KEY, STOCK_MAILER_PAUSE_MS: "7" });
    expect((await engine.request("GET", "/pause")).body).toEqual({ pause_ms: 7 });
  }, 60_000);
});
