import { join } from "node:path";
import { Redis as Client } from "ioredis";
import { Child } from "./child.ts";
import { whenDone } from "./cleanup.ts";
import { temporaryFolder } from "./folder.ts";
import type { Place } from "./network.ts";
import { programPath } from "./packages.ts";
import { freePort } from "./ports.ts";

export interface RedisOptions {
  /** As redis.conf writes it, e.g. `64mb`. Default: no limit. */
  maxmemory?: string;
  /** Further arguments, e.g. `["--enable-debug-command", "local"]`. */
  args?: readonly string[];
  /** Where it runs and listens. Default: this machine, 127.0.0.1. */
  place?: Place;
}

/** A Redis server of the test's own, set as infra/redis/redis.conf sets it, in a folder that goes with it. */
export class Redis {
  readonly port = freePort();
  readonly logFile: string;
  readonly #program: string;
  readonly #folder: string;
  readonly #args: readonly string[];
  readonly #place: Place | undefined;
  readonly #dispose = whenDone(async () => {
    await this.kill();
  });
  #child: Child | undefined;

  constructor(program: string, folder: string, { maxmemory = "0", args = [], place }: RedisOptions) {
    this.#program = program;
    this.#place = place;
    this.#folder = folder;
    this.logFile = join(folder, "redis.log");
    const settings: Record<string, string> = {
      port: `${this.port}`,
      bind: place?.address ?? "127.0.0.1",
      // Of a network that nobody else is in.
      "protected-mode": place ? "no" : "yes",
      dir: folder,
      appendonly: "yes",
      appendfsync: "everysec",
      save: "",
      "maxmemory-policy": "noeviction",
      maxmemory,
    };
    this.#args = [...Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]), ...args];
  }

  get url(): string {
    return `redis://${this.#place?.address ?? "127.0.0.1"}:${this.port}`;
  }

  get pid(): number {
    if (!this.#child) throw new Error("this Redis is not running");
    return this.#child.pid;
  }

  /** Returns when it has loaded its file and answers. */
  async start(): Promise<void> {
    if (this.#child?.running) return;
    const child = new Child({
      command: [this.#program, ...this.#args],
      cwd: this.#folder,
      network: this.#place?.network,
      output: this.logFile,
    });
    this.#child = child;
    await child.started(() => answers(this.url, child.pid));
  }

  /** Orderly: the append-only file is complete. */
  async stop(): Promise<void> {
    await this.#child?.stop("SIGTERM");
  }

  async kill(): Promise<void> {
    await this.#child?.kill();
  }

  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  /** Starts again with nothing in it, as after the loss of its disk. */
  async restartEmpty(): Promise<void> {
    await this.kill();
    await Bun.$`rm -rf ${join(this.#folder, "appendonlydir")}`.quiet();
    await this.start();
  }

  /** Freezes it: connections stay open, nothing answers. */
  pause(): void {
    this.#child?.pause();
  }

  resume(): void {
    this.#child?.resume();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#dispose();
  }
}

/** Starts Redis 7 or newer. */
export async function startRedis(options: RedisOptions = {}): Promise<Redis> {
  const server = new Redis(await programPath("redis-server"), await temporaryFolder("redis"), options);
  await server.start();
  return server;
}

/** A client for one purpose: the first failed attempt is final, so that nothing goes on in the background. */
export async function withClient<T>(url: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client(url, {
    lazyConnect: true,
    connectTimeout: 5_000,
    commandTimeout: 5_000,
    // Its INFO would wait for ever on a frozen server.
    enableReadyCheck: false,
    retryStrategy: () => null,
  });
  client.on("error", () => undefined);
  try {
    await client.connect();
    return await work(client);
  } finally {
    client.disconnect();
  }
}

/** True when the one that answers is the one that was started, not a stranger on its port. */
async function answers(url: string, pid: number): Promise<boolean> {
  return await withClient(url, async (client) => {
    // Unlike INFO, refused while the append-only file is still being loaded.
    await client.ping();
    return (await client.info("server")).includes(`process_id:${pid}\r`);
  });
}
