import { chown } from "node:fs/promises";
import { join } from "node:path";
import { unprivilegedAccount } from "./account.ts";
import { Child } from "./child.ts";
import { whenDone } from "./cleanup.ts";
import type { TestDatabase } from "./database.ts";
import { temporaryFolder } from "./folder.ts";
import { programPath } from "./packages.ts";
import { freePort } from "./ports.ts";
import { withSession } from "./session.ts";

/** The logins whose passwords it knows; an owner's work goes past it. */
type Login = "vertical" | "relay" | "engines";

/** A PgBouncer in transaction mode before one database: what a client sends next may run in another session. */
export class PgBouncer {
  readonly #child: Child;
  readonly port: number;
  readonly urls: Record<Login, string>;

  constructor(child: Child, port: number, urls: Record<Login, string>) {
    this.#child = child;
    this.port = port;
    this.urls = urls;
  }

  /** As if its machine lost power; the server sees connections that are gone. */
  async kill(): Promise<void> {
    await this.#child.kill();
  }
}

/** Starts one; `sessions` are those that the server has for each login at most. */
export async function startPgBouncer(database: TestDatabase, sessions: number, port = freePort()): Promise<PgBouncer> {
  const program = await programPath("pgbouncer");
  const folder = await temporaryFolder("pgbouncer");
  const account = unprivilegedAccount(["postgres", "nobody"]);
  const through = (url: string) => {
    const pooled = new URL(url);
    pooled.port = String(port);
    return pooled.href;
  };
  const { vertical, relay, engines } = database.urls;
  const urls = { vertical: through(vertical), relay: through(relay), engines: through(engines) };
  const { port: server } = new URL(vertical);
  const settings = [
    `[databases]\n* = host=127.0.0.1 port=${server}\n[pgbouncer]`,
    `listen_addr = 127.0.0.1\nlisten_port = ${port}\nunix_socket_dir =`,
    `pool_mode = transaction\ndefault_pool_size = ${sessions}\nmax_client_conn = 500`,
    `auth_type = plain\nauth_file = ${folder}/users.txt`,
  ];
  const users = Object.values(urls)
    .map((url) => new URL(url))
    .map((url) => `"${url.username}" "${url.password}"`);
  await Bun.write(join(folder, "pgbouncer.ini"), `${settings.join("\n")}\n`);
  await Bun.write(join(folder, "users.txt"), `${users.join("\n")}\n`);
  if (account)
    for (const file of ["pgbouncer.ini", "users.txt"]) await chown(join(folder, file), account.uid, account.gid);
  const child = new Child({
    command: [program, join(folder, "pgbouncer.ini")],
    cwd: folder,
    account,
    output: join(folder, "pgbouncer.log"),
  });
  whenDone(async () => {
    await child.kill();
  });
  await child.started(() => withSession(urls.relay, (sql) => sql.unsafe("select 1")));
  return new PgBouncer(child, port, urls);
}
