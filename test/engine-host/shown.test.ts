import { expect, test } from "bun:test";
import { shownEngine } from "../../src/engine-host/http.ts";
import { manifestOf } from "../../src/engine-host/manifest.ts";
import { recorder } from "./recorder.ts";

const engine = {
  name: "recorder",
  state: { state: "failed", reason: "a password is missing" } as const,
  manifest: manifestOf(recorder()),
  source: { kind: "folder", name: "recorder", entry: "/srv/plugins/recorder/engine.ts" } as const,
};
const shown = {
  ...{ name: "recorder", version: "1.0.0", description: "Remembers what it handled, in order" },
  ...{ state: "failed", enabled: true },
};
const setting = { enabled: true, config: { address: "https://hook.example/secret" } };

test("a seller learns which engines there are, not how they are set nor what is wrong", () => {
  expect(shownEngine(engine, setting, "seller")).toEqual(shown);
});

test("an admin learns all of it but where its files are", () => {
  const more = {
    source: "folder",
    reason: "a password is missing",
    subscriptions: { construction: ["stock_updated"] },
  };
  expect(shownEngine(engine, setting, "admin")).toEqual({ ...shown, ...more, config: setting.config });
});
