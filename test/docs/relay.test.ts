import { expect, test } from "bun:test";
import { dirname, join } from "node:path";
import { families } from "../../bench/families.ts";
import { Metrics } from "../../src/platform/observability/metrics.ts";
import { relayMetrics } from "../../src/relay/relay-metrics.ts";
import { runAsOwner } from "../e2e/platform.ts";
import { testDatabase } from "../harness/database.ts";
import { freePort } from "../harness/ports.ts";
import { PROGRAM, startProgram } from "../harness/program.ts";
import { startRedis } from "../harness/redis.ts";
import { withSession } from "../harness/session.ts";

const REPOSITORY = join(import.meta.dir, "../..");
const PAGE = await Bun.file(join(REPOSITORY, "docs/relay.md")).text();
const SHOP = { name: "Casa", slug: "casa" };

async function bash(script: string, env: Record<string, string>) {
  const { PATH = "", HOME = "" } = process.env;
  const path = `${dirname(process.execPath)}:${PATH}`;
  const child = Bun.spawn(["bash", "-euo", "pipefail", "-c", script], {
    cwd: REPOSITORY,
    env: { HOME, PATH: path, ...env },
    stdout: "pipe",
    stderr: "pipe",
  });
  const [out, complaint] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
  return { code: await child.exited, output: out + complaint };
}

test("the commands of the page do what it says, beside a relay at work", async () => {
  const [database, redis] = await Promise.all([testDatabase(), startRedis()]);
  const launch = { command: PROGRAM, plugins: "" };
  await runAsOwner(launch, database, ["tenant", "create", "--slug", SHOP.slug, "--name", SHOP.name]);
  const port = freePort();
  const env = { DATABASE_URL: database.urls.relay, REDIS_URL: redis.url };
  const relay = startProgram({
    command: launch.command,
    args: ["start", "--role", "relay"],
    env: { ...env, HOST: "127.0.0.1", RELAY_PORT: String(port), DRAIN_SECONDS: "0" },
  });
  await relay.ready(`http://127.0.0.1:${port}/ready`);
  await withSession(
    database.urls.admin,
    (sql) => sql`
      insert into event_log (event_id, tenant_id, stream, partition, event_type, version, key, payload, occurred_at, hops)
      select gen_random_uuid(), tenant_id, 'construction', 0, 'stock_updated', 1, 'cement', '{}', now(), 0
      from tenant_by_slug(${SHOP.slug})`,
  );
  const snippets = [...PAGE.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, text = ""]) => text);
  expect(snippets).toHaveLength((PAGE.match(/^```/gm) ?? []).length / 2);
  // `tail` goes on until it is interrupted, once: a second signal would end it without its leave.
  const command = PROGRAM.join(" ");
  const program = `basecommerce() {
    if [[ "$*" == "event tail"* ]]; then timeout --foreground --preserve-status -s INT 3 ${command} "$@"; else ${command} "$@"; fi
  }`;
  const { code, output } = await bash([program, ...snippets].join("\n"), {
    DATABASE_URL: database.urls.owner,
    REDIS_URL: redis.url,
  });
  expect({ code, output }).toMatchObject({ code: 0 });
  expect(output).toContain("nothing to drop");
  expect(output).toContain("LAG SECONDS");
  expect(output.match(/cement/g)?.length).toBeGreaterThanOrEqual(3);
  await relay.stop();
}, 90_000);

test("the page names every metric of the relay, and measurements that are there", () => {
  const metrics = new Metrics();
  relayMetrics(metrics);
  const names = metrics.registry.getMetricsAsArray().map(({ name }) => name);
  expect(names.filter((name) => /relay|ledger|stream/.test(name) && !PAGE.includes(`\`${name}\``))).toEqual([]);
  for (const [, family = ""] of PAGE.matchAll(/`bun run bench ([a-z-]+)`/g))
    expect(Object.keys(families)).toContain(family);
});
