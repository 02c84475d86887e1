import { beforeAll, describe, expect, test } from "bun:test";
import { ShopClient } from "../../e2e/path.ts";
import { runAsOwner, SECRET_KEY } from "../../e2e/platform.ts";
import { type TestDatabase, testDatabase } from "../../harness/database.ts";
import { type Edge, exchange, startEdge } from "../../harness/edge.ts";
import { freePort } from "../../harness/ports.ts";
import { PROGRAM, type Program, startProgram } from "../../harness/program.ts";
import { type Redis, startRedis } from "../../harness/redis.ts";
import { withSession } from "../../harness/session.ts";
import { until } from "../../harness/until.ts";

const HOST = "casa.localhost";
/** Each of them waits this long between an answer and its next request: about 150 requests in a second. */
const CLIENTS = 4;
const PAUSE_MS = 15;

let database: TestDatabase;
let redis: Redis;
let edge: Edge;
let ports: number[];
let programs: Program[];
let engines: Program;
let client: ShopClient;

function start(role: "vertical" | "engines", port: number): Program {
  const name = role === "vertical" ? "VERTICAL_PORT" : "ENGINES_PORT";
  return startProgram({
    command: PROGRAM,
    args: ["start", "--role", role],
    env: {
      DATABASE_URL: database.urls[role],
      REDIS_URL: redis.url,
      SECRET_KEY,
      HOST: "127.0.0.1",
      [name]: `${port}`,
      TRUSTED_PROXIES: "127.0.0.1",
      PLUGINS_DIR: "/nonexistent",
      OPERATOR_TOKEN: "7d0f1b3c5e7a9b2d4f6e8a1c3b5d7f90",
    },
  });
}

const ready = (program: Program, port: number) => program.ready(`http://127.0.0.1:${port}/ready`);

async function shop(slug: string): Promise<ShopClient> {
  const launch = { command: PROGRAM, plugins: "" };
  const email = `ana@${slug}.test`;
  await runAsOwner(launch, database, ["tenant", "create", "--slug", slug, "--name", slug]);
  const user = ["user", "create", "--tenant", slug, "--email", email, "--name", "Ana", "--role", "admin"];
  const password = /password: (\S+)/.exec(await runAsOwner(launch, database, user))?.[1] ?? "";
  const made = new ShopClient({ url: `http://127.0.0.1:${edge.port}`, host: `${slug}.localhost`, email, password });
  await made.login();
  return made;
}

beforeAll(async () => {
  [database, redis] = await Promise.all([testDatabase(), startRedis()]);
  ports = [freePort(), freePort()];
  const engines_port = freePort();
  programs = ports.map((port) => start("vertical", port));
  engines = start("engines", engines_port);
  edge = await startEdge({ verticals: ports, engines: [engines_port] });
  await Promise.all([...programs.map((program, i) => ready(program, ports[i] ?? 0)), ready(engines, engines_port)]);
  client = await shop("casa");
}, 60_000);

interface Load {
  /** Requests answered as they should be. */
  answered: number;
  /** What went wrong with each of the others. */
  failures: string[];
  /** Names of the products that were asked for, answered or not. */
  asked: string[];
  stop(): Promise<void>;
}

/** Constant reads and writes through the edge. With `again` a failed write is tried again under its key. */
function load(prefix: string, { again }: { again: boolean }): Load {
  let stopped = false;
  const state: Load = { answered: 0, failures: [], asked: [], stop: async () => undefined };
  const write = async (name: string): Promise<void> => {
    const body = { name, unit: "SC", base_price: "10.00" };
    try {
      await client.post("/api/v1/products", body, 201, name);
    } catch (error) {
      if (!again) throw error;
      state.failures.push(String(error));
      await until(() => client.post("/api/v1/products", body, 201, name).then(() => true), {
        what: `${name} to be made`,
      });
    }
  };
  const work = async (worker: number) => {
    for (let i = 0; !stopped; i++) {
      const name = `${prefix}-${worker}-${i}`;
      try {
        if (i % 3 === 0) {
          state.asked.push(name);
          await write(name);
        } else await client.get(i % 3 === 1 ? "/api/v1/products?limit=5" : "/auth/me");
        state.answered++;
      } catch (error) {
        state.failures.push(String(error));
      }
      await Bun.sleep(PAUSE_MS);
    }
  };
  const all = Promise.all(Array.from({ length: CLIENTS }, (_, worker) => work(worker)));
  state.stop = async () => {
    stopped = true;
    await all;
  };
  return state;
}

const more = (running: Load, count: number) => {
  const enough = running.answered + count;
  return until(() => running.answered >= enough, { what: `${count} more answers`, timeout: 20_000 });
};

/** Both are given requests from here on: one that was away is left alone for 2 s. */
async function bothServe(): Promise<void> {
  const before = (await edge.nginx.accessLog()).length;
  const since = async () => (await edge.nginx.accessLog()).slice(before);
  await until(
    async () => {
      const log = await since();
      return ports.every((port) => log.includes(`"upstream":"127.0.0.1:${port}"`));
    },
    { what: "both verticals to be given requests" },
  );
}

const madeProducts = (prefix: string) =>
  withSession(database.urls.admin, async (sql) => {
    const rows = await sql<{ name: string }[]>`select name from products where name like ${`${prefix}-%`}`;
    return rows.map(({ name }) => name).sort();
  });

describe("two real verticals behind the edge", () => {
  test("both serve; the shop is the subdomain's, whatever a client claims", async () => {
    const other = await shop("outra");
    await client.post("/api/v1/products", { name: "Cal", unit: "SC", base_price: "12.00" });
    for (let i = 0; i < 4; i++) expect((await other.get("/api/v1/products")).items).toEqual([]);
    const access_token = await client.login();
    const ask = (host: string, slug: string) =>
      fetch(`http://127.0.0.1:${edge.port}/auth/me`, {
        headers: { host, "x-tenant-slug": slug, authorization: `Bearer ${access_token}` },
      });
    expect((await ask(HOST, "outra")).status).toBe(200);
    // The token is casa's: what decides is the host, not the header.
    expect((await ask("outra.localhost", "casa")).status).toBe(403);
    const log = await edge.nginx.accessLog();
    for (const port of ports) expect(log).toContain(`"upstream":"127.0.0.1:${port}"`);
  });

  test("the engines' prefix is answered by the engine host", async () => {
    const { items } = await client.get("/api/v1/engines");
    expect(items).toContainEqual(expect.objectContaining({ name: "stock" }));
  });

  test.each(["/metrics", "/ready", "/api/v1/operator/engines"])("%s is not reachable from outside", async (path) => {
    const headers = "Authorization: Bearer 7d0f1b3c5e7a9b2d4f6e8a1c3b5d7f90\r\nConnection: close\r\n";
    expect(await exchange(edge.port, `GET ${path} HTTP/1.1\r\nHost: ${HOST}\r\n${headers}\r\n`)).toStartWith(
      "HTTP/1.1 404 ",
    );
    expect(await exchange(edge.port, `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n${headers}\r\n`)).toBe("");
  });

  test("no method that nobody knows takes them out of turn", async () => {
    for (const method of ["BREW", "VERSION-CONTROL", "X".repeat(200), "TRACE"]) {
      for (let i = 0; i < 6; i++) {
        const answer = await exchange(edge.port, `${method} / HTTP/1.1\r\nHost: ${HOST}\r\nConnection: close\r\n\r\n`);
        expect(answer).toStartWith("HTTP/1.1 405 ");
        expect(answer).toContain("\r\nAllow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS\r\n");
        expect(answer).toContain("urn:basecommerce:problem:unknown_method");
      }
      expect((await client.get("/auth/me")).email).toBe("ana@casa.test");
    }
  });

  test("a rolling restart under load fails not one request", async () => {
    const running = load("rolling", { again: false });
    await more(running, 50);
    for (const [i, port] of ports.entries()) {
      expect(await programs[i]?.stop()).toBe(0);
      const program = start("vertical", port);
      programs[i] = program;
      await ready(program, port);
      await bothServe();
    }
    await more(running, 50);
    await running.stop();
    expect(running.failures).toEqual([]);
    expect(await madeProducts("rolling")).toEqual(running.asked.sort());
  }, 60_000);

  test("one that is killed costs no read, and no write that is tried again under its key", async () => {
    const running = load("killed", { again: true });
    await bothServe();
    await more(running, 50);
    await programs[0]?.kill();
    await more(running, 100);
    await running.stop();
    expect(running.failures.filter((text) => !/POST .*502/.test(text))).toEqual([]);
    expect(running.failures.length).toBeLessThanOrEqual(CLIENTS);
    expect(await madeProducts("killed")).toEqual(running.asked.sort());
  }, 60_000);
});
