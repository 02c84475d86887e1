import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { connect, type Socket } from "node:net";
import postgres from "postgres";
import { until } from "../harness/until.ts";
import { HANDLED, recorder } from "./recorder.ts";
import { Scene } from "./scene.ts";

const LAST_WORDS = "select $1::int /* last words */";

/** A session that says nothing any more once it has asked for `LAST_WORDS` to be prepared. */
function fallsSilent(url: string): postgres.Sql {
  const { hostname, port } = new URL(url);
  const open = (): Socket => {
    const socket = connect(Number(port), hostname);
    const write = socket.write.bind(socket);
    let silent = false;
    socket.write = ((data: Uint8Array) => {
      if (silent) return true;
      silent = Buffer.from(data).includes("last words");
      return write(data);
    }) as typeof socket.write;
    return socket;
  };
  const options = { max: 1, fetch_types: false, connection: { application_name: "silent" } };
  // The driver takes a socket of the caller's; its types do not say so.
  return postgres(url, { ...options, socket: open } as postgres.Options<Record<string, never>>);
}

describe("a host that freezes between preparing a statement and running it", () => {
  const retry = { attempts: 1000, first_pause_ms: 1, longest_pause_ms: 20 };
  const engine = recorder(undefined, { handler_timeout_ms: 100, retry });
  let scene: Scene;
  let silent: postgres.Sql;
  beforeEach(async () => {
    scene = await Scene.open(12);
    await scene.install(engine);
    const first = await scene.host(engine);
    await until(() => first.instance.stats?.partitions === 4, { what: "positions" });
    await first.stop();
    silent = fallsSilent(scene.engines_url);
  });
  afterEach(async () => {
    await silent.end({ timeout: 0 });
    await scene.close();
  });

  /** Leaves a transaction with `lock` in it in the middle of a statement. */
  async function freeze(lock: string): Promise<void> {
    await silent.unsafe("begin").simple();
    await silent.unsafe(lock).simple();
    silent.unsafe(LAST_WORDS, [1]).catch(() => undefined);
    const silence = `select 1 from pg_stat_activity where application_name = 'silent' and datname = current_database()
                       and state = 'active' and wait_event = 'ClientRead'`;
    await until(async () => (await scene.admin.query(silence)).length === 1, { what: "the silence" });
  }

  async function writeForAll(): Promise<void> {
    await scene.write(scene.tenants.map((_, tenant) => ({ tenant, key: "k", note: `${tenant}` })));
    await scene.publish();
  }

  test("keeps what it locked for as long as its lease, and holds up no other partition meanwhile", async () => {
    await scene.admin.query(
      "update engine_position set owner = 'frozen', lease_until = clock_timestamp() where partition = 2",
    );
    await freeze("select 1 from engine_position where partition = 2 for update");
    const host = await scene.host(engine);
    await until(() => host.instance.stats?.partitions === 3, { what: "the partitions that nobody holds" });
    await writeForAll();
    await until(() => host.instance.stats?.partitions === 4, { what: "the session to be ended" });
    await scene.settled("recorder");
    expect(await scene.rows(HANDLED)).toHaveLength(12);
  });

  test("loses what it was writing, too: who takes its partitions over does not wait for it for ever", async () => {
    await scene.admin.query("update engine_position set owner = 'frozen', lease_until = clock_timestamp()");
    // A batch that knows its positions comes to their rows last: it holds what its handlers wrote, and nothing else.
    await freeze("set local role engine_recorder; lock table engine_recorder.handled in exclusive mode");
    const host = await scene.host(engine);
    await until(() => host.instance.stats?.partitions === 4, { what: "all partitions" });
    await writeForAll();
    await scene.settled("recorder");
    expect(await scene.rows(HANDLED)).toHaveLength(12);
  });

  test("does not keep the others from sharing the partitions", async () => {
    await freeze("update lease set owner = 'frozen' where name = 'balance recorder'");
    await scene.host(engine);
    await writeForAll();
    await scene.settled("recorder");
    expect(await scene.rows(HANDLED)).toHaveLength(12);
  });
});
