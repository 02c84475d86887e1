import { expect, test } from "bun:test";
import { join } from "node:path";
import { startNginx } from "./nginx.ts";
import { freePort } from "./ports.ts";
import { isAlive } from "./process-tree.ts";
import { until } from "./until.ts";

const config = join(import.meta.dir, "../../infra/nginx/nginx.conf");

test("serves the shipped configuration on another port, reloads it, and refuses what it cannot do", async () => {
  const upstream = (text: string) => Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response(text) });
  const [first, second] = [upstream("first"), upstream("second")];
  const port = freePort();
  const substitutions = (behind: number | undefined) => ({
    "listen 80 default_server;": `listen 127.0.0.1:${port} default_server;`,
    "server vertical:8000 max_fails": `server 127.0.0.1:${behind} max_fails`,
    "server engines:8002 max_fails": "server 127.0.0.1:1 max_fails",
  });
  const ask = async () => {
    const answer = await fetch(`http://127.0.0.1:${port}/`, {
      headers: { host: "demo.localhost", connection: "close" },
    });
    return await answer.text();
  };
  const server = await startNginx({ config, substitutions: substitutions(first.port) });
  expect(await ask()).toBe("first");
  await server.reload(substitutions(second.port));
  await until(async () => (await ask()) === "second", { what: "the new configuration to be in use" });
  await expect(server.reload({ ...substitutions(1), "server_name _;": "nonsense;" })).rejects.toThrow(/nonsense/);
  expect(await ask()).toBe("second");

  const { pid } = server;
  await server.stop();
  expect(isAlive(pid)).toBe(false);
  await Promise.all([first.stop(true), second.stop(true)]);
});

test("a text that is not in the configuration is an error, not another configuration", async () => {
  const typo = startNginx({ config, substitutions: { "listen 81;": "listen 82;" } });
  await expect(typo).rejects.toThrow('"listen 81;" is in the configuration 0 times, not once');
});
