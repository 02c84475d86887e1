import { beforeAll, describe, expect, test } from "bun:test";
import { mkdir, readdir, utimes } from "node:fs/promises";
import { join } from "node:path";
import { PostgresDatabase } from "../../../src/platform/database/postgres.ts";
import { walArchiveFails } from "../../../src/relay/wal-archive.ts";
import { unprivilegedAccount } from "../../harness/account.ts";
import { Child } from "../../harness/child.ts";
import { whenDone } from "../../harness/cleanup.ts";
import { programPath } from "../../harness/packages.ts";
import { freePort } from "../../harness/ports.ts";
import { type Postgres, startPostgres } from "../../harness/postgres.ts";
import { withSession } from "../../harness/session.ts";
import { until } from "../../harness/until.ts";
import { runScript, scripts, writableFolder } from "./script.ts";

const INFRA = join(import.meta.dir, "../../../infra");

let server: Postgres;
let wal: string;
let bases: string;
let env: Record<string, string>;

/** What archive.conf sets, with the places of this test. */
async function archiveSettings(): Promise<Record<string, string>> {
  const text = await Bun.file(join(INFRA, "postgres/archive.conf")).text();
  const settings = [...text.matchAll(/^(\w+) = '?(.*?)'?$/gm)].map(([, name = "", value = ""]) => [name, value]);
  const command = `${await scripts()}/archive-wal.sh ${wal}`;
  return Object.fromEntries(
    settings.map(([name, value]) => [
      name,
      value?.replace("/usr/local/lib/basecommerce/archive-wal.sh /var/lib/basecommerce-wal", command),
    ]),
  );
}

const write = (what: string) =>
  withSession(server.url("postgres"), (sql) => sql`insert into written (what) values (${what})`);

/** The server's clock, between two commits. */
const now = () =>
  withSession(server.url("postgres"), async (sql) => {
    const [row] = await sql<{ now: string }[]>`select now()::text as now`;
    return row?.now ?? "";
  });

const archived = (name: string) =>
  until(async () => (await readdir(wal)).includes(`${name}.gz`), { what: `${name} in the archive` });

/** Ends the segment being written; returns when it is in the archive. */
async function archive(): Promise<void> {
  const [row] = await withSession(
    server.url("postgres"),
    (sql) => sql<{ name: string }[]>`select pg_walfile_name(pg_switch_wal()) as name`,
  );
  await archived(row?.name ?? "");
}

/** What a server that was recovered to a moment holds. */
async function recovered(base: string, moment: string[]): Promise<string[]> {
  const folder = await writableFolder("recovered");
  const data = join(folder, "data");
  const { code, output } = await runScript("recover.sh", [base, wal, data, ...moment], {});
  expect({ code, output }).toEqual({ code: 0, output: expect.stringContaining("start PostgreSQL") });
  const port = freePort();
  const settings = { port, listen_addresses: "127.0.0.1", unix_socket_directories: folder, archive_mode: "off" };
  const child = new Child({
    command: [
      await programPath("postgres"),
      ...["-D", data],
      ...Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]),
    ],
    cwd: folder,
    account: unprivilegedAccount(["postgres", "nobody"]),
    deathSignal: "QUIT",
    output: join(folder, "..", `${port}.log`),
  });
  const stop = whenDone(async () => {
    await child.stop("SIGQUIT");
  });
  const url = new URL(server.url("postgres"));
  url.port = `${port}`;
  const rows = await child.started(() =>
    withSession(url.href, async (sql) => {
      const [state] = await sql`select pg_is_in_recovery() as recovering`;
      return state?.recovering === false && (await sql`select what from written order by at`);
    }),
  );
  await stop();
  return rows.map(({ what }) => what);
}

beforeAll(async () => {
  wal = await writableFolder("wal");
  bases = await writableFolder("bases");
  server = await startPostgres({ settings: await archiveSettings() });
  const url = new URL(server.url("postgres"));
  const login = { PGHOST: "127.0.0.1", PGPORT: `${server.port}`, PGUSER: url.username, PGPASSWORD: url.password };
  env = { ...login, BACKUP_DIR: bases, WAL_DIR: wal };
  await withSession(
    server.url("postgres"),
    (sql) => sql`create table written (what text, at timestamptz default clock_timestamp())`,
  );
}, 60_000);

describe("base backups and archived WAL", () => {
  test("bring the database back to a moment between two commits, or to its end", async () => {
    await write("before the backup");
    const { code, output: base } = await runScript("base.sh", [], env);
    expect({ code, base }).toEqual({ code: 0, base: expect.stringMatching(/\/\d{8}T\d{6}Z$/) });
    await write("after the backup");
    const moment = await now();
    await write("a mistake");
    await archive();
    const all = ["before the backup", "after the backup", "a mistake"];
    expect(await recovered(base, [moment])).toEqual(all.slice(0, 2));
    expect(await recovered(base, [])).toEqual(all);
  }, 60_000);

  test("a base backup that is old goes with the WAL only it needed, once there is a newer old one", async () => {
    const { output: second } = await runScript("base.sh", [], { ...env, AFTER_BACKUP: "test -f $1/base.tar.gz" });
    await archive();
    const [first = ""] = (await readdir(bases)).sort();
    const needed = (await readdir(wal)).sort().at(-1) ?? "";
    const past = new Date(Date.now() - 30 * 86_400_000);
    for (const folder of [join(bases, first), second]) await utimes(folder, past, past);
    const { code, output } = await runScript("base.sh", [], env);
    expect(code).toBe(0);
    expect((await readdir(bases)).sort()).toEqual([second, output].map((path) => path.split("/").at(-1) ?? "").sort());
    const kept = await readdir(wal);
    expect(kept).toContain(needed);
    expect(kept).not.toContain("000000010000000000000001.gz");
  }, 60_000);

  test("a base backup never goes into the folder of another one", async () => {
    const at = (ms: number) => `${new Date(ms).toISOString().slice(0, 19).replaceAll(/[-:]/g, "")}Z`;
    const folder = await writableFolder("taken");
    const taken = [0, 1000, 2000].map((ms) => join(folder, at(Date.now() + ms)));
    for (const path of taken) await mkdir(path);
    const { code, output } = await runScript("base.sh", [], { ...env, BACKUP_DIR: folder });
    expect(code).toBe(0);
    expect(taken).not.toContain(output);
    expect(await Promise.all(taken.map((path) => readdir(path)))).toEqual([[], [], []]);
  }, 60_000);

  test("archive-wal.sh may be asked twice, overwrites nothing, and fails when the other store does", async () => {
    const folder = await writableFolder("archive");
    const [one, other] = [join(wal, "..", "one"), join(wal, "..", "other")];
    await Bun.write(one, "x".repeat(1000));
    await Bun.write(other, "y".repeat(1000));
    const run = (path: string, more: Record<string, string> = {}) =>
      runScript("archive-wal.sh", [folder, path, "S"], more);
    expect(await run(one)).toEqual({ code: 0, output: "" });
    expect(await run(one)).toEqual({ code: 0, output: "" });
    expect(await run(other)).toEqual({ code: 1, output: expect.stringContaining("with other content") });
    expect((await run(one, { AFTER_BACKUP: "exit 3" })).code).toBe(3);
    expect(await readdir(folder)).toEqual(["S.gz"]);
  });

  test("recover.sh overwrites no data folder, base.sh wants an archive", async () => {
    const folder = await writableFolder("data");
    await mkdir(join(folder, "base"));
    const { code, output } = await runScript("recover.sh", ["/nonexistent", wal, folder], {});
    expect({ code, output }).toEqual({ code: 1, output: expect.stringContaining("is not empty") });
    await using plain = await startPostgres();
    const { username, password } = new URL(plain.url("postgres"));
    const login = { PGPORT: `${plain.port}`, PGUSER: username, PGPASSWORD: password };
    const refused = await runScript("base.sh", [], { ...env, ...login });
    expect(refused).toEqual({ code: 1, output: expect.stringContaining("archives no WAL") });
  }, 60_000);
});

test("an archive that fails is told, and that it works again", async () => {
  const url = server.url("postgres");
  const database = new PostgresDatabase({ url, application_name: "test", max: 1 });
  whenDone(() => database.close());
  const archiving = (command: string) =>
    withSession(url, async (sql) => {
      await sql.unsafe(command);
      await sql`select pg_reload_conf()`;
      await write("into another segment");
      await sql`select pg_switch_wal()`;
    });
  expect(await walArchiveFails(database)).toBe(false);
  await archiving("alter system set archive_command = 'false'");
  await until(() => walArchiveFails(database), { what: "the failure to be told" });
  await archiving("alter system reset archive_command");
  await until(async () => !(await walArchiveFails(database)), { what: "the archive to work again", timeout: 75_000 });
}, 90_000);
