import { beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import type postgres from "postgres";
import { runProgram } from "../../src/cli/program.ts";
import { type Shop, ShopClient, walkThePath } from "../e2e/path.ts";
import { type Platform, shopWith, startPlatform } from "../e2e/platform.ts";
import { selfSigned } from "../harness/certificate.ts";
import { startEdge } from "../harness/edge.ts";
import { freePort } from "../harness/ports.ts";
import { PROGRAM, startProgram } from "../harness/program.ts";
import { withClient } from "../harness/redis.ts";
import { withSession } from "../harness/session.ts";
import { until } from "../harness/until.ts";

const ROOT = join(import.meta.dir, "../..");
/** Only of the shop that is exported and deleted. */
const PERSON = "Zulmira Quaresma";

let platform: Platform;
let casa: Shop;
let obra: Shop;
let secret: string;
const tenants = new Map<string, string>();

const asAdmin = <T>(work: (sql: postgres.Sql) => Promise<T>) => withSession(platform.database.urls.admin, work);

async function run(...argv: string[]): Promise<{ code: number; out: string[]; error: string }> {
  const [out, error]: [string[], string[]] = [[], []];
  const code = await runProgram(argv, {
    environment: { DATABASE_URL: platform.database.urls.owner, REDIS_URL: platform.redis.url },
    input: async () => "",
    out: (line) => out.push(line),
    error: (line) => error.push(line),
  });
  return { code, out, error: error.join("\n") };
}

/** Rows of a shop in every table that has them, in whatever schema; what the catalogue says, not what the program knows. */
async function rowsOf(slug: string): Promise<Record<string, number>> {
  return await asAdmin(async (sql) => {
    const tables = await sql`
      select table_schema, table_name from information_schema.columns join information_schema.tables using (table_schema, table_name)
      where column_name = 'tenant_id' and table_type = 'BASE TABLE' and table_name !~ '^event_log_\\d'`;
    const counts: Record<string, number> = {};
    for (const { table_schema, table_name } of tables) {
      const [row] = await sql`select count(*)::int as n from ${sql(`${table_schema}.${table_name}`)}
                              where tenant_id = ${tenants.get(slug) ?? ""}`;
      if (row?.n > 0) counts[table_schema === "public" ? table_name : `${table_schema}.${table_name}`] = row?.n;
    }
    return counts;
  });
}
/** Everything an engine keeps is there, and nothing of it moves any more. */
async function atRest(): Promise<void> {
  const behind = () =>
    asAdmin(
      (sql) => sql`select 1 from event_log e join engine_position p using (stream, partition) where e.seq > p.position
                 union all select 1 from parked_event where state = 'parked'`,
    );
  await until(async () => (await behind()).length === 0, { what: "the engines to have everything" });
}

beforeAll(async () => {
  platform = await startPlatform(
    { command: PROGRAM, plugins: join(ROOT, "plugins"), env: { STREAM_PARTITIONS: "1" } },
    [join(ROOT, "plugins/webhooks")],
  );
  [casa, obra] = [await shopWith(platform, "casa", "admin"), await shopWith(platform, "obra", "admin")];
  await Promise.all([walkThePath(casa), walkThePath(obra)]);
  const client = new ShopClient(casa);
  await client.login();
  const customer = await client.post("/api/v1/customers", { kind: "individual", name: PERSON }, 201, "once");
  const { items } = await client.get("/api/v1/products");
  const product_id = Array.isArray(items) ? items[0].id : undefined;
  await client.post("/api/v1/orders", { customer_id: customer.id, items: [{ product_id, quantity: 1 }] });
  await client.put("/api/v1/engines/webhooks", { enabled: true });
  const endpoint = { url: "https://hooks.example/x", event_types: ["order_created"] };
  secret = String((await client.post("/api/v1/engines/webhooks/endpoints", endpoint, 201, "endpoint")).secret);
  await asAdmin(async (sql) => {
    for (const { tenant_id, slug } of await sql`select tenant_id, slug from tenants`) tenants.set(slug, tenant_id);
  });
  await atRest();
}, 120_000);

describe("a shop's export", () => {
  test("holds every row of every table, no secret, and nothing of another shop, and waits for nobody", async () => {
    const { code, out } = await asAdmin(async (sql) =>
      // Somebody is in the middle of writing.
      sql.begin(async (writer) => {
        await writer`select 1 from tenants where slug = 'casa' for key share`;
        return await run("tenant", "export", "casa");
      }),
    );
    expect(code).toBe(0);
    const [head, ...rows] = out.map((line) => JSON.parse(line));
    expect(head).toMatchObject({ export: "basecommerce", slug: "casa", tenant_id: tenants.get("casa") });
    const counts: Record<string, number> = {};
    for (const { table } of rows) counts[table] = (counts[table] ?? 0) + 1;
    const there = await rowsOf("casa");
    expect(counts).toEqual(there);
    const known = ["tenants", "users", "sessions", "products", "order_items", "event_log", "idempotency_keys"];
    expect(Object.keys(there)).toEqual(
      expect.arrayContaining([...known, "engine_stock.products", "engine_webhooks.endpoints"]),
    );
    expect(rows.filter(({ row }) => row.tenant_id !== tenants.get("casa"))).toEqual([]);
    const text = out.join("\n");
    expect(text).toContain(PERSON);
    const [kept] = await asAdmin(
      (sql) => sql`select password_hash, family_digest, turn_digest, e.secret from users u
                   join sessions s using (tenant_id) join engine_webhooks.endpoints e using (tenant_id)`,
    );
    expect(kept?.secret).toBe(secret);
    for (const value of Object.values({ ...kept })) expect(text).not.toContain(value);
  });

  test("of no shop is a failure", async () => {
    expect(await run("tenant", "export", "nowhere")).toMatchObject({
      code: 1,
      out: [],
      error: "basecommerce: shop nowhere not found",
    });
  });
});

describe("a shop's deletion", () => {
  test("is refused without --yes, while the shop is active, and when the streams cannot be reached", async () => {
    const before = await rowsOf("casa");
    const refused = await run("tenant", "delete", "casa");
    expect(refused).toMatchObject({ code: 2, error: expect.stringContaining("--yes is missing") });
    const active = await run("tenant", "delete", "casa", "--yes");
    expect(active).toMatchObject({ code: 1, error: expect.stringContaining("basecommerce tenant suspend casa") });
    const nobody = ["--redis-url", `redis://127.0.0.1:${freePort()}`];
    const unreachable = await run("tenant", "delete", "casa", "--yes", ...nobody);
    expect(unreachable).toMatchObject({ code: 1, error: expect.stringContaining("cannot reach Redis") });
    expect(await rowsOf("casa")).toEqual(before);
  });

  test("leaves envelopes and nothing else; the ledger verifies, streams are filled again, others are as they were", async () => {
    const other = (await run("tenant", "export", "obra")).out.slice(1).toSorted();
    await run("tenant", "suspend", "casa");
    // As if that were a minute ago: else it waits until no process knows the shop as active.
    await asAdmin((sql) => sql`update tenants set updated_at = now() - interval '1 minute' where slug = 'casa'`);
    const { code, out } = await asAdmin((sql) =>
      // An engine is in the middle of its work for the shop, and ends it when the shop is gone.
      sql.begin(async (engine) => {
        await engine`insert into engine_webhooks.endpoints (tenant_id, id, url, secret, created_at)
                     values (${tenants.get("casa") ?? ""}, gen_random_uuid(), 'https://late.example', 'x', now())`;
        const deleted = run("tenant", "delete", "casa", "--yes");
        await until(async () => (await engine`select 1 from tenants where slug = 'casa'`).length === 0, {
          what: "the shop to be gone",
        });
        return { deleted };
      }),
    ).then(({ deleted }) => deleted);
    expect({ code, out }).toEqual({
      code: 0,
      out: [expect.stringMatching(/^casa is gone: \d+ rows deleted, \d+ events emptied$/)],
    });

    expect(Object.keys(await rowsOf("casa")).sort()).toEqual(["event_log", "event_redaction"]);
    const full = await asAdmin(
      (sql) => sql`select seq from event_log where tenant_id = ${tenants.get("casa") ?? ""} and payload::text <> '{}'`,
    );
    expect([...full]).toEqual([]);
    await until(async () => (await run("verify")).code === 0, { what: "ledger, streams and engines to agree" });
    const entries = await withClient(platform.redis.url, async (client) => {
      const streams = await client.keys("events:*");
      return (await Promise.all(streams.map((key) => client.xrange(key, "-", "+")))).flat();
    });
    expect(entries.length).toBeGreaterThan(0);
    expect(JSON.stringify(entries)).not.toContain(PERSON);
    expect((await run("tenant", "export", "obra")).out.slice(1).toSorted()).toEqual(other);
    expect((await run("tenant", "delete", "casa", "--yes")).error).toBe("basecommerce: shop casa not found");
  }, 60_000);

  test("stops no engine, not even one that reads the whole history again", async () => {
    expect(await run("engine", "replay", "stock")).toMatchObject({ code: 0, error: "" });
    await walkThePath(obra);
    await atRest();
    expect(Object.keys(await rowsOf("casa")).sort()).toEqual(["event_log", "event_redaction"]);
  }, 60_000);
});

describe("smoke", () => {
  const looked = async (port: number | string, ...flags: string[]) => {
    const { code, out } = await run("smoke", `http://127.0.0.1:${port}`, "--host", "obra.localhost", ...flags);
    const failed = out.filter((line) => line.startsWith("FAIL"));
    return { code, out, failed };
  };

  test("finds nothing wrong with a deployment that is well", async () => {
    const { code, out, failed } = await looked(new URL(platform.url).port);
    expect({ code, failed }).toEqual({ code: 0, failed: [] });
    expect(out).toHaveLength(8);
    const json = await looked(new URL(platform.url).port, "--json");
    expect(JSON.parse(json.out[0] ?? "")).toContainEqual({ check: "spoofed shop", problem: null });
  });

  test("names a header that is missing, a slug that is believed, and engines that do not answer", async () => {
    const { port } = await startEdge({
      verticals: [platform.ports.vertical],
      engines: [freePort()],
      changes: {
        "add_header X-Frame-Options DENY always;": "",
        "proxy_set_header X-Tenant-Slug $tenant_slug;": "",
      },
    });
    expect(await looked(port)).toMatchObject({
      code: 1,
      failed: [
        "FAIL  security headers: missing or wrong: x-frame-options",
        "FAIL  spoofed shop: what a client says in X-Tenant-Slug is believed",
        "FAIL  engines: GET /api/v1/engines answers 502, not 401",
      ],
    });
  });

  test.skipIf(Bun.which("openssl") === null)("names a certificate that ends soon, and trusts no other's", async () => {
    const { certificate, key } = await selfSigned("DNS:obra.localhost");
    const port = freePort();
    const { ports } = platform;
    await startEdge({ verticals: [ports.vertical], engines: [ports.engines], tls: { port, certificate, key } });
    const looking = async (env: Record<string, string>) => {
      const args = ["smoke", `https://127.0.0.1:${port}`, "--host", "obra.localhost"];
      const { code, output } = await startProgram({ command: PROGRAM, args, env }).exited;
      return { code, failed: output.split("\n").filter((line) => line.startsWith("FAIL")) };
    };
    expect(await looking({ NODE_EXTRA_CA_CERTS: certificate })).toEqual({
      code: 1,
      failed: ["FAIL  certificate: it ends in 1 days"],
    });
    expect((await looking({})).failed).toContain("FAIL  health: self signed certificate");
  });

  test("names what a vertical without an edge lets out, and what is no address", async () => {
    const open = await looked(platform.ports.vertical);
    expect(open.code).toBe(1);
    const names = open.failed.map((line) => line.slice("FAIL  ".length, line.indexOf(":")));
    expect(names).toEqual(["security headers", "spoofed shop", "closed paths"]);
    expect((await run("smoke", "casa.example")).code).toBe(2);
  });
});
