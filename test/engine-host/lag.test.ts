import { afterEach, beforeEach, expect, test } from "bun:test";
import { engineSummaries } from "../../src/engine-host/registry.ts";
import { recorder } from "./recorder.ts";
import { Scene } from "./scene.ts";

let scene: Scene;
beforeEach(async () => {
  scene = await Scene.open(3);
});
afterEach(() => scene.close());

async function lag(): Promise<number | undefined> {
  const summaries = await engineSummaries(scene.admin);
  return summaries.find(({ name }) => name === "recorder")?.lag_events;
}

test("how far an engine is behind is counted while it is little, and estimated beyond", async () => {
  const engine = recorder();
  await scene.install(engine);
  expect(await lag()).toBe(0);
  await (await scene.host(engine)).stop();
  const write = (count: number) =>
    scene.write(Array.from({ length: count }, (_, i) => ({ tenant: i % 3, key: `k${i}`, note: "" })));
  await write(70);
  expect(await lag()).toBe(70);
  await write(8000);
  const far = (await lag()) ?? 0;
  expect(far).toBeGreaterThan(8070 * 0.97);
  expect(far).toBeLessThan(8070 * 1.03);
});
