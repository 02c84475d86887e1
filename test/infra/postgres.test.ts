import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

const INFRA = join(import.meta.dir, "../../infra/postgres");
const SIZES = ["2gb", "4gb", "8gb"];
const LOGINS = ["owner", "vertical", "relay", "engines"] as const;
type Login = (typeof LOGINS)[number] | "administrator" | "provider";

/** PostgreSQL refuses to run as root. */
const UNPRIVILEGED =
  process.getuid?.() === 0 ? ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", "--"] : [];

let folder: string;
let bin: string;

async function run(command: string[], env: Record<string, string> = {}) {
  const process_ = Bun.spawn(command, { stdout: "pipe", stderr: "pipe", env: { ...process.env, ...env }, cwd: folder });
  const [out, err, code] = await Promise.all([
    new Response(process_.stdout).text(),
    new Response(process_.stderr).text(),
    process_.exited,
  ]);
  return { code, out: out.trim(), err: err.trim() };
}

async function succeed(command: string[], env: Record<string, string> = {}): Promise<string> {
  const { code, out, err } = await run(command, env);
  if (code !== 0) throw new Error(`${command.join(" ")}: ${err}`);
  return out;
}

const psql = (login: Login, database: string, ...rest: string[]) => [
  ...["psql", "-XqAt", "-h", folder, "-d", database, "-v", "ON_ERROR_STOP=1"],
  ...["-U", login === "administrator" || login === "provider" ? login : `basecommerce_${login}`, ...rest],
];
const passwordOf = (login: Login) => ({ PGPASSWORD: `${login}-password` });
const query = (login: Login, sql: string, database = "shop") =>
  run(psql(login, database, "-c", sql), passwordOf(login));
const applyRoles = (login: Login, database: string, env: Record<string, string> = {}, ...rest: string[]) => {
  const passwords = Object.fromEntries(LOGINS.map((name) => [`${name.toUpperCase()}_PASSWORD`, `${name}-password`]));
  return run(psql(login, database, ...rest, "-f", join(INFRA, "roles.sql")), { ...passwords, ...env });
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "pg-"));
  // Reached by the account PostgreSQL runs under.
  await chmod(folder, 0o777);
  const found = [...new Bun.Glob("*/bin/initdb").scanSync({ cwd: "/usr/lib/postgresql", absolute: true })]
    .sort()
    .at(-1);
  bin = dirname(Bun.which("initdb") ?? found ?? "initdb");
  for (const name of ["common", ...SIZES]) {
    await Bun.write(join(folder, `${name}.conf`), Bun.file(join(INFRA, `${name}.conf`)));
  }
  const data = join(folder, "data");
  await succeed([
    ...UNPRIVILEGED,
    join(bin, "initdb"),
    "-D",
    data,
    "-U",
    "administrator",
    "-A",
    "trust",
    "-N",
    "-E",
    "UTF8",
  ]);
  await Bun.write(join(data, "pg_hba.conf"), "local all administrator,provider trust\nlocal all all scram-sha-256\n");
  const options = `-c config_file=${folder}/2gb.conf -c listen_addresses= -k ${folder} -c fsync=off`;
  await succeed([
    ...UNPRIVILEGED,
    join(bin, "pg_ctl"),
    "-D",
    data,
    "-w",
    "-l",
    join(folder, "log"),
    "-o",
    options,
    "start",
  ]);
  const setup = ["create database shop", "create role provider login createrole createdb"];
  for (const sql of [...setup, "create database elsewhere owner provider"]) {
    await succeed(psql("administrator", "postgres", "-c", sql));
  }
}, 60_000);

afterAll(async () => {
  await run([...UNPRIVILEGED, join(bin, "pg_ctl"), "-D", join(folder, "data"), "-w", "-m", "immediate", "stop"]);
  await rm(folder, { recursive: true, force: true });
});

test.each(SIZES)("PostgreSQL takes the settings for %s", async (size) => {
  const value = (name: string) =>
    succeed([
      ...[...UNPRIVILEGED, join(bin, "postgres"), "-D", join(folder, "data")],
      ...["-c", `config_file=${folder}/${size}.conf`, "-C", name],
    ]);
  const total = Number.parseInt(size, 10) * 1024;
  // -C prints in the setting's own unit: pages of 8 kB, kB.
  const [shared, work, connections] = (
    await Promise.all(["shared_buffers", "work_mem", "max_connections"].map(value))
  ).map(Number);
  expect((Number(shared) * 8) / 1024).toBe(total / 4);
  // One sort in every connection at once still fits.
  expect((Number(work) / 1024) * Number(connections)).toBeLessThan(total / 2);
  expect(await value("synchronous_commit")).toBe("on");
  expect(await value("password_encryption")).toBe("scram-sha-256");
});

describe("roles.sql", () => {
  test("refuses to make a login without a password", async () => {
    const { code, err } = await applyRoles("administrator", "shop", { RELAY_PASSWORD: "" });
    expect(code).not.toBe(0);
    expect(err).toContain("a password is missing");
    const roles = await query("administrator", "select count(*) from pg_roles where rolname like 'basecommerce%'");
    expect(roles.out).toBe("0");
  });

  test("can be run again, and with passwords from psql variables", async () => {
    expect(await applyRoles("administrator", "shop")).toMatchObject({ code: 0, out: "", err: "" });
    const again = await applyRoles("administrator", "shop", { OWNER_PASSWORD: "" }, "-v", "owner_password=another");
    expect(again).toMatchObject({ code: 0, out: "", err: "" });
    expect((await run(psql("owner", "shop", "-c", "select 1"), { PGPASSWORD: "another" })).code).toBe(0);
    expect((await query("owner", "select 1")).code).not.toBe(0);
    expect((await applyRoles("administrator", "shop")).code).toBe(0);
  });

  test.each([...LOGINS])("%s logs in, is no superuser, and row-level security holds for it", async (login) => {
    const rights = "select rolsuper, rolbypassrls, rolcreatedb, rolreplication, rolcreaterole from pg_roles";
    const { out } = await query(login, `${rights} where rolname = current_user`);
    expect(out).toBe(`f|f|f|f|${login === "owner" ? "t" : "f"}`);
  });

  test("the owner does the rest: schemas, roles of engines, passwords", async () => {
    const work = [
      "create table public.orders (id int)",
      "create role engine_stock nologin",
      "grant engine_stock to basecommerce_engines",
      "create schema engine_stock",
      "grant usage on schema engine_stock to engine_stock",
      "create table engine_stock.alerts (id int)",
      "grant select on engine_stock.alerts to engine_stock",
      "alter role basecommerce_relay password 'relay-password'",
      "set role basecommerce_vertical",
    ];
    for (const sql of work) expect(await query("owner", sql)).toMatchObject({ code: 0, err: "" });
  });

  test("the engines' login has the rights of an engine only while it takes its role", async () => {
    const read = "select count(*) from engine_stock.alerts";
    expect((await query("engines", read)).err).toContain("permission denied");
    expect((await query("engines", `set role engine_stock; ${read}`)).out).toBe("0");
  });

  test.each(["vertical", "relay", "engines"] as const)("%s makes nothing of its own", async (login) => {
    for (const sql of ["create table t (id int)", "create temp table t (id int)", "create schema s", "create role r"]) {
      expect((await query(login, sql)).err).toContain("permission denied");
    }
    expect((await query(login, "select * from orders")).err).toContain("permission denied");
  });

  test("a stranger of the same server does not get in", async () => {
    expect((await query("provider", "select 1")).err).toContain("permission denied for database");
  });

  test("a request's statement ends before the edge gives up", async () => {
    expect((await query("vertical", "show statement_timeout")).out).toBe("30s");
    const nginx = await Bun.file(join(INFRA, "../nginx/nginx.conf")).text();
    expect(Number(/proxy_read_timeout (\d+)s;/.exec(nginx)?.[1])).toBeGreaterThan(30);
  });

  test("no password is in the server's log", async () => {
    expect(await Bun.file(join(folder, "log")).text()).not.toMatch(/(owner|vertical|engines)-password/);
  });

  test("an administrator who is no superuser can run it, as managed databases have it", async () => {
    const drop =
      "drop owned by basecommerce_owner, basecommerce_vertical, basecommerce_relay, basecommerce_engines cascade";
    await succeed(psql("administrator", "shop", "-c", "alter database shop owner to administrator", "-c", drop));
    const roles = "engine_stock, basecommerce_owner, basecommerce_vertical, basecommerce_relay, basecommerce_engines";
    await succeed(psql("administrator", "shop", "-c", `drop role ${roles}`));
    for (let i = 0; i < 2; i++) expect(await applyRoles("provider", "elsewhere")).toMatchObject({ code: 0, err: "" });
    expect((await query("owner", "create schema s", "elsewhere")).code).toBe(0);
  });
});
