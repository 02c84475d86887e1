import { type TestDatabase, testDatabase } from "../harness/database.ts";
import { startEdge } from "../harness/edge.ts";
import { freePort } from "../harness/ports.ts";
import { type Program, startProgram } from "../harness/program.ts";
import { type Redis, startRedis } from "../harness/redis.ts";
import type { Shop } from "./path.ts";

/** How the program is started: from source, or as a binary somewhere. */
export interface Launch {
  command: readonly string[];
  cwd?: string;
  /** Account it runs under. */
  user?: string;
  /** Folder of drop-in engines. */
  plugins: string;
  /** Settings of every role, beside those that each needs here. */
  env?: Record<string, string>;
}

/** A database that was migrated: where its logins find it. */
export type Place = Pick<TestDatabase, "urls">;

export const SECRET_KEY = "9f2c4e6a8b0d1f3e5c7a9b1d3f5e7c9a0b2d4f6e";

/** Three processes on real servers, each with the login of its role, behind the real nginx. */
export class Platform {
  readonly launch: Launch;
  readonly database: Place;
  readonly redis: Redis;
  readonly programs: Record<"vertical" | "relay" | "engines", Program>;
  readonly ports: Record<"vertical" | "relay" | "engines", number>;
  readonly url: string;

  constructor(parts: Omit<Platform, "run" | "restart">) {
    this.launch = parts.launch;
    this.database = parts.database;
    this.redis = parts.redis;
    this.programs = parts.programs;
    this.ports = parts.ports;
    this.url = parts.url;
  }

  /** Starts a role that has ended, on its old port, and returns when it is ready. */
  async restart(role: keyof Ports): Promise<void> {
    const program = startRole(this.launch, this.database, this.redis, this.ports, role);
    this.programs[role] = program;
    await program.ready(`http://127.0.0.1:${this.ports[role]}/ready`);
  }

  /** Runs a command of the program as the owner to its end; rejects when it fails. */
  async run(...args: string[]): Promise<string> {
    return await runAsOwner(this.launch, this.database, args);
  }
}

export async function runAsOwner(launch: Launch, database: Place, args: string[]): Promise<string> {
  const { exited } = startProgram({ ...launch, args, env: { ...launch.env, DATABASE_URL: database.urls.owner } });
  const { code, output } = await exited;
  if (code !== 0) throw new Error(`${args.join(" ")} ended with ${code}\n${output}`);
  return output;
}

/** Makes a shop with one person, and says how that person comes in through nginx. */
export async function shopWith(platform: Platform, slug: string, role: "admin" | "seller"): Promise<Shop> {
  const email = `a@${slug}.test`;
  await platform.run("tenant", "create", "--slug", slug, "--name", slug);
  const made = await platform.run("user", "create", "--tenant", slug, "--email", email, "--name", "A", "--role", role);
  return { url: platform.url, host: `${slug}.localhost`, email, password: /password: (\S+)/.exec(made)?.[1] ?? "" };
}

type Ports = Platform["ports"];

function startRole(launch: Launch, database: Place, redis: Redis, ports: Ports, role: keyof Ports): Program {
  return startProgram({
    ...launch,
    args: ["start", "--role", role],
    env: {
      DATABASE_URL: database.urls[role],
      REDIS_URL: redis.url,
      ...(role === "relay" ? {} : { SECRET_KEY }),
      HOST: "127.0.0.1",
      VERTICAL_PORT: String(ports.vertical),
      RELAY_PORT: String(ports.relay),
      ENGINES_PORT: String(ports.engines),
      TRUSTED_PROXIES: "127.0.0.1",
      PLUGINS_DIR: launch.plugins,
      DRAIN_SECONDS: "0",
      ...launch.env,
    },
  });
}

/** Starts everything and returns when every role is ready; `engines` are folders to install first. */
export async function startPlatform(
  launch: Launch,
  engines: string[] = [],
  on: { database?: Place; redis?: Redis } = {},
): Promise<Platform> {
  const [database, redis] = await Promise.all([on.database ?? testDatabase(), on.redis ?? startRedis()]);
  if (engines.length > 0) await runAsOwner(launch, database, ["engine", "install", ...engines]);
  const [vertical, relay, hosts] = [freePort(), freePort(), freePort()];
  const ports = { vertical, relay, engines: hosts };
  const start = (role: keyof typeof ports) => startRole(launch, database, redis, ports, role);
  const programs = { vertical: start("vertical"), relay: start("relay"), engines: start("engines") };
  const edge = await startEdge({ verticals: [vertical], engines: [hosts] });
  await Promise.all([
    programs.vertical.ready(`http://127.0.0.1:${vertical}/ready`),
    programs.relay.ready(`http://127.0.0.1:${relay}/ready`),
    programs.engines.ready(`http://127.0.0.1:${hosts}/ready`),
  ]);
  return new Platform({ launch, database, redis, programs, ports, url: `http://127.0.0.1:${edge.port}` });
}
