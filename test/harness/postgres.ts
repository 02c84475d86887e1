import { appendFile, chmod, chown, copyFile, mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type Account, bindCommand, unprivilegedAccount } from "./account.ts";
import type { Certificate } from "./certificate.ts";
import { Child } from "./child.ts";
import { whenDone } from "./cleanup.ts";
import { temporaryFolder } from "./folder.ts";
import type { Place } from "./network.ts";
import { programPath } from "./packages.ts";
import { freePort } from "./ports.ts";
import { identifier, urlFor, withSession } from "./session.ts";

const SHIPPED = join(import.meta.dir, "../../infra/postgres/common.conf");
const SUPERUSER = "postgres";

/**
 * What differs from the shipped settings. Without fsync the tests are several times faster, and a killed server still
 * keeps what it committed: only a machine without power would not.
 */
const FAST = {
  fsync: "off",
  full_page_writes: "off",
  // Copying a template logs its pages whole; compressing them makes a clone of 60 ms one of a second.
  wal_compression: "off",
  shared_buffers: "128MB",
  max_connections: "300",
  min_wal_size: "256MB",
  log_checkpoints: "off",
  // In files of the data folder, which go with it; a killed server leaves those of /dev/shm there for good.
  dynamic_shared_memory_type: "mmap",
};

export interface PostgresOptions {
  /** Settings of postgresql.conf; they win over the shipped and the fast ones. */
  settings?: Record<string, string>;
  /** Where it runs and listens. Default: this machine, 127.0.0.1. */
  place?: Place;
  /** What it proves to be itself with, to who asks for TLS. Default: no TLS. */
  tls?: Certificate;
}

/** A PostgreSQL server of the test's own, with the settings of infra/postgres/common.conf, in a folder that goes with it. */
export class Postgres {
  readonly port = freePort();
  readonly logFile: string;
  readonly #binaries: string;
  readonly #folder: string;
  readonly #place: Place | undefined;
  readonly #account: Account | undefined;
  readonly #password = crypto.randomUUID();
  readonly #dispose = whenDone(() => this.#discard());
  #child: Child | undefined;

  constructor(binaries: string, folder: string, place?: Place) {
    this.#place = place;
    this.#binaries = binaries;
    this.#folder = folder;
    this.#account = unprivilegedAccount(["postgres", "nobody"]);
    this.logFile = join(folder, "postgres.log");
  }

  /** Of the postmaster. */
  get pid(): number {
    if (!this.#child) throw new Error("this PostgreSQL is not running");
    return this.#child.pid;
  }

  get running(): boolean {
    return this.#child?.running ?? false;
  }

  get #address(): string {
    return this.#place?.address ?? "127.0.0.1";
  }

  /** Its folder for a connection by unix socket. */
  get socketFolder(): string {
    return this.#folder;
  }

  /** Logs in as superuser unless told otherwise. */
  url(database: string, user = SUPERUSER, password: string = this.#password): string {
    return urlFor(`postgres://${this.#address}:${this.port}/`, database, user, password);
  }

  async createDatabase(name: string, { template }: { template?: string } = {}): Promise<void> {
    const source = template === undefined ? "" : `template ${identifier(template)}`;
    await this.#administer(`create database ${identifier(name)} ${source}`);
  }

  /** Also when it is in use. */
  async dropDatabase(name: string): Promise<void> {
    await this.#administer(`drop database if exists ${identifier(name)} with (force)`);
  }

  async initialize(settings: Record<string, string>, tls?: Certificate): Promise<void> {
    const data = join(this.#folder, "data");
    const passwordFile = join(this.#folder, "password");
    await mkdir(data);
    await Bun.write(passwordFile, this.#password);
    for (const path of [this.#folder, data, passwordFile]) {
      if (this.#account) await chown(path, this.#account.uid, this.#account.gid);
    }
    await chmod(data, 0o700);
    const options = ["-D", data, "-U", SUPERUSER, "--pwfile", passwordFile, "--auth", "scram-sha-256"];
    const locale = ["--encoding", "UTF8", "--locale", process.platform === "linux" ? "C.UTF-8" : "C"];
    const command = [join(this.#binaries, "initdb"), ...options, ...locale, "--no-sync", "--no-instructions"];
    const initdb = Bun.spawn(bindCommand(command, this.#account, "KILL"), {
      cwd: this.#folder,
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
    });
    const [output, complaint] = await Promise.all([
      new Response(initdb.stdout).text(),
      new Response(initdb.stderr).text(),
    ]);
    if ((await initdb.exited) !== 0) throw new Error(`initdb failed: ${output}${complaint}`);
    const own = {
      listen_addresses: this.#address,
      port: `${this.port}`,
      unix_socket_directories: this.#folder,
      ...FAST,
      ...(tls ? { ssl: "on", ...(await this.#keep(data, tls)) } : {}),
      ...settings,
    };
    const lines = Object.entries(own).map(([name, value]) => `${name} = '${value.replaceAll("'", "''")}'`);
    // Its text, not a reference: the account of the server may not be able to read the repository.
    const text = [await Bun.file(SHIPPED).text(), ...lines, ""].join("\n");
    await Bun.write(join(data, "postgresql.conf"), text);
    if (this.#place) await appendFile(join(data, "pg_hba.conf"), "host all all samenet scram-sha-256\n");
  }

  /** Its own copies: a key that others may read is refused. */
  async #keep(data: string, { certificate, key }: Certificate): Promise<Record<string, string>> {
    const kept = { ssl_cert_file: join(data, "server.crt"), ssl_key_file: join(data, "server.key") };
    await Promise.all([copyFile(certificate, kept.ssl_cert_file), copyFile(key, kept.ssl_key_file)]);
    await chmod(kept.ssl_key_file, 0o600);
    for (const path of Object.values(kept)) {
      if (this.#account) await chown(path, this.#account.uid, this.#account.gid);
    }
    return kept;
  }

  /** Returns when it takes connections; after `kill` that is after recovery. */
  async start(): Promise<void> {
    if (this.#child?.running) return;
    const child = new Child({
      command: [join(this.#binaries, "postgres"), "-D", join(this.#folder, "data")],
      cwd: this.#folder,
      account: this.#account,
      network: this.#place?.network,
      // Immediate shutdown: as a crash, but the postmaster still ends its children.
      deathSignal: "QUIT",
      output: this.logFile,
    });
    this.#child = child;
    await child.started(() => withSession(this.url("postgres"), (sql) => sql`select 1`));
  }

  /** Fast shutdown: sessions are ended, what is committed is written. */
  async stop(): Promise<void> {
    await this.#child?.stop("SIGINT");
  }

  /** As if the power went: the postmaster and all sessions are killed at once. */
  async kill(): Promise<void> {
    await this.#child?.kill();
  }

  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  /** Freezes the server and its sessions. */
  pause(): void {
    this.#child?.pause();
  }

  resume(): void {
    this.#child?.resume();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#dispose();
  }

  /** Nothing is worth being written any more, but what belongs to the kernel is to be given back. */
  async #discard(): Promise<void> {
    await this.#child?.stop("SIGQUIT");
    const left = Bun.file(join(this.#folder, "data/postmaster.pid"));
    // Still there after a kill; its seventh line names a segment of shared memory that outlives every process.
    const [, id] = ((await left.exists()) && (await left.text()).split("\n")[6]?.trim().split(/\s+/)) || [];
    if (id && Bun.which("ipcrm")) Bun.spawnSync(["ipcrm", "-m", id], { stderr: "ignore" });
  }

  async #administer(statement: string): Promise<void> {
    await withSession(this.url("postgres"), (sql) => sql.unsafe(statement));
  }
}

/** Starts PostgreSQL 15 or newer; takes about two seconds, most of them `initdb`. */
export async function startPostgres({ settings = {}, place, tls }: PostgresOptions = {}): Promise<Postgres> {
  const binaries = dirname(await programPath("postgres"));
  const server = new Postgres(binaries, await temporaryFolder("postgres"), place);
  await server.initialize(settings, tls);
  await server.start();
  return server;
}
