import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { PermanentError } from "@basecommerce/engine";
import { runProgram } from "../../src/cli/program.ts";
import { operatorRoutes } from "../../src/engine-host/operator-routes.ts";
import { OperatorToken } from "../../src/platform/auth/operator-token.ts";
import { recorder } from "../engine-host/recorder.ts";
import { type Host, Scene } from "../engine-host/scene.ts";
import { until } from "../harness/until.ts";
import { type Edge, startEdge } from "../http/edge.ts";

const TOKEN = "5f0c2e7a9b1d3f5e7c9a0b2d4f6e8a1c";
const AUTHORIZATION = { authorization: `Bearer ${TOKEN}` };

let scene: Scene;
let host: Host;
let edge: Edge;
let closed: Edge;
let broken = true;
let resets = 0;

beforeAll(async () => {
  scene = await Scene.open(2);
  const engine = recorder(
    ({ payload }) => {
      if (payload.reason === "bad" && broken) throw new PermanentError("not like this");
    },
    {
      reset: async () => {
        resets++;
      },
    },
  );
  await scene.install(engine);
  host = await scene.host(engine);
  // Logged in as hosts are: what operators may is what the hosts' login may.
  const { database } = host;
  edge = await startEdge((app) => app.use(operatorRoutes(database)), { operator_token: new OperatorToken(TOKEN) });
  closed = await startEdge((app) => app.use(operatorRoutes(database)));
  await scene.write([
    { tenant: 0, key: "a", note: "good" },
    { tenant: 0, key: "b", note: "bad" },
    { tenant: 1, key: "c", note: "bad" },
  ]);
  await scene.publish();
  await scene.settled("recorder");
}, 60_000);
afterAll(() => scene.close());

/** Asks as an operator, for no shop; the answer's body with its status. */
async function ask(method: string, path: string, body?: object): Promise<Record<string, unknown>> {
  const answer = await edge.fetch(`/api/v1/operator${path}`, {
    method,
    slug: null,
    headers: { ...AUTHORIZATION, ...(body === undefined ? {} : { "content-type": "application/json" }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const parsed: Record<string, unknown> = JSON.parse(await answer.text());
  return { status: answer.status, ...parsed };
}

/** Runs a command line here, as the owner. */
async function command(...args: string[]): Promise<{ code: number; output: string }> {
  const lines: string[] = [];
  const write = (line: string) => void lines.push(line);
  const environment = { DATABASE_URL: scene.owner_url };
  const code = await runProgram(args, { environment, input: async () => "", out: write, error: write });
  return { code, output: lines.join("\n") };
}

const PATHS = ["/engines", "/dead", "/dead/events", "/engines/recorder/replay", "/nothing", ""];

describe("the operators' door", () => {
  test("is not there where no token is configured, not even for the right one", async () => {
    for (const path of PATHS) {
      const { status } = await closed.fetch(`/api/v1/operator${path}`, { headers: AUTHORIZATION });
      expect({ path, status }).toEqual({ path, status: 404 });
    }
  });

  test("opens for the token and for nothing else, an admin's of a shop included", async () => {
    const admin = await edge.token();
    for (const path of PATHS) {
      for (const authorization of ["", TOKEN, `Bearer ${TOKEN}0`, `Bearer ${admin}`]) {
        const { status } = await edge.fetch(`/api/v1/operator${path}`, { headers: { authorization } });
        expect({ path, status }).toEqual({ path, status: 401 });
      }
    }
  });

  test("no other way of writing its path leads around it", async () => {
    const admin = await edge.token();
    for (const path of ["/api/v1/%6fperator/engines", "//api/v1/operator/engines", "/api/v1/operator%2fengines"]) {
      const { status } = await edge.fetch(path, { token: admin });
      expect({ path, refused: status === 404 || status === 401 }).toEqual({ path, refused: true });
    }
  });

  test("leads to operators' paths only", async () => {
    expect((await edge.fetch("/api/v1/engines", { headers: AUTHORIZATION })).status).toBe(401);
  });
});

describe("operators", () => {
  test("see how engines are", async () => {
    const { items } = await ask("GET", "/engines");
    const recorded = { name: "recorder", version: "1.0.0", dead: 2, parked: 0, lag_events: 0 };
    expect(items).toContainEqual(expect.objectContaining(recorded));
  });

  test("see for which shops one is on, and with which configuration", async () => {
    const [tenant_id = ""] = scene.tenants;
    await scene.admin.query("insert into engine_tenant values ('recorder', $1, false, '{}')", [tenant_id]);
    const shops = [{ tenant_id, slug: "shop-0", enabled: false, config: {} }];
    expect(await ask("GET", "/engines/recorder")).toMatchObject({ status: 200, version: "1.0.0", shops });
    expect(await ask("GET", "/engines/nobody")).toMatchObject({ status: 404 });
    const shown = await command("engine", "show", "recorder");
    expect(JSON.parse(shown.output)).toMatchObject({ name: "recorder", shops });
    expect(await command("engine", "show", "nobody")).toMatchObject({ code: 1 });
  });

  test("see what failed, in groups and singly", async () => {
    const { items: groups } = await ask("GET", "/dead?engine=recorder&state=dead");
    expect(groups).toMatchObject([{ events: 2, error_code: "permanent", error_message: "not like this" }]);
    const { items: events } = await ask("GET", `/dead/events?tenant_id=${scene.tenants[1]}&limit=5`);
    expect(events).toMatchObject([{ key: "c", state: "dead", payload: { reason: "bad" } }]);
    expect(await ask("GET", "/dead?engin=recorder")).toMatchObject({ status: 422 });
  });

  test("must say what is to be tried again or given up", async () => {
    for (const path of ["/dead/retry", "/dead/drop"]) {
      expect(await ask("POST", path, {})).toMatchObject({ status: 422 });
      expect(await ask("POST", path, { engine: "recorder" })).toMatchObject({ status: 422 });
      expect(await ask("POST", path, { all: true })).toMatchObject({ status: 422, errors: [{ path: "/engine" }] });
    }
    for (const what of ["retry", "drop"]) {
      const output = expect.stringContaining("say which events: by --type");
      expect(await command("engine", "dead", what, "recorder")).toEqual({ code: 2, output });
    }
  });

  test("give an event up, and have another tried again", async () => {
    const dropped = await ask("POST", "/dead/drop", { engine: "recorder", tenant_id: scene.tenants[1] });
    expect(dropped).toEqual({ status: 200, events: 1 });
    broken = false;
    expect(await ask("POST", "/dead/retry", { engine: "recorder", all: true })).toEqual({ status: 200, events: 1 });
    await scene.settled("recorder");
    const handled = await scene.rows("select key from engine_recorder.handled order by key");
    expect(handled.map(({ key }) => key)).toEqual(["a", "b"]);
  });

  test("replay an engine under the hosts' login, and its own reset runs without a restart", async () => {
    resets = 0;
    expect(await ask("POST", "/engines/recorder/replay", {})).toEqual({ status: 202, events: 3 });
    await scene.settled("recorder");
    expect(await ask("GET", "/engines/recorder/replay")).toEqual({ status: 200, events: 0 });
    const handled = await scene.rows("select key from engine_recorder.handled order by key");
    expect(handled.map(({ key }) => key)).toEqual(["a", "b", "c"]);
    expect(resets).toBe(1);
    expect(await ask("POST", "/engines/nobody/replay", {})).toMatchObject({ status: 404 });
  });

  test("replay on the command line and wait for the end of it", async () => {
    const { code, output } = await command("engine", "replay", "recorder");
    expect({ code, output }).toEqual({ code: 0, output: "recorder: 3 event(s) to read again\nrecorder: done" });
    const handled = await scene.rows("select key from engine_recorder.handled order by key");
    expect(handled.map(({ key }) => key)).toEqual(["a", "b", "c"]);
    expect(await command("engine", "replay", "nobody", "--no-wait")).toMatchObject({ code: 1 });
  });

  test("are told why a replay is refused", async () => {
    await scene.rows("delete from event_log_range where from_seq = 1");
    const refused = await ask("POST", "/engines/recorder/replay", {});
    expect(refused).toMatchObject({ status: 409, detail: expect.stringContaining("history before it is gone") });
    expect(await ask("POST", "/engines/recorder/replay", { partial: true })).toMatchObject({ status: 202 });
    await until(async () => (await ask("GET", "/engines/recorder/replay")).events === 0, { what: "the replay's end" });
  });
});

test("an engine's own role may not replay anything", async () => {
  const call = scene.asEngines("engine_recorder", (query) => query("select engine_replay('recorder', true)"));
  await expect(call).rejects.toThrow("permission denied");
});
