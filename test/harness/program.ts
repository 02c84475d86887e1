import { join } from "node:path";
import { unprivilegedAccount } from "./account.ts";
import { Child, type Exit } from "./child.ts";
import { whenDone } from "./cleanup.ts";
import { Lines } from "./lines.ts";
import { type Truthy, until } from "./until.ts";

const REPOSITORY = join(import.meta.dir, "../..");

/** The program as its source; `bun` is the one that runs the tests. */
export const SOURCE: readonly string[] = ["bun", join(REPOSITORY, "src/main.ts")];

const BUILT = process.env.TEST_PROGRAM;

/** The binary that was built for this run of the tests, which starts in a tenth of the source's time; the source without one. */
export const PROGRAM: readonly string[] = BUILT === undefined ? SOURCE : [BUILT];

export interface ProgramOptions {
  /** PROGRAM, SOURCE, or the path of another binary. */
  command: readonly string[];
  args?: readonly string[];
  /** All of its environment but PATH, HOME and TZ: what the tests were started with must not reach it. */
  env?: Record<string, string>;
  /** Default: the repository. */
  cwd?: string;
  /** Account it runs under when the tests run as root; without effect otherwise. */
  user?: string;
  /** A process whose network it takes part in. */
  network?: number;
}

export interface ProgramExit extends Exit {
  /** All it wrote, stdout and stderr in the order of arrival. */
  output: string;
}

/** The platform's own program in a process of its own, as an operator starts it. */
export class Program {
  readonly exited: Promise<ProgramExit>;
  readonly #child: Child;
  readonly #written = new Lines();
  readonly #dispose = whenDone(async () => {
    await this.#child.kill();
  });

  constructor({ command, args = [], env = {}, cwd = REPOSITORY, user, network }: ProgramOptions) {
    const [program = "", ...rest] = command;
    const { PATH = "/usr/local/bin:/usr/bin:/bin", HOME = "/tmp", TZ } = process.env;
    this.#child = new Child({
      command: [program === "bun" ? process.execPath : program, ...rest, ...args],
      cwd,
      env: { PATH, HOME, ...(TZ === undefined ? {} : { TZ }), ...env },
      network,
      account: user === undefined ? undefined : unprivilegedAccount([user]),
      output: "pipe",
    });
    const read = Promise.all([this.#written.read(this.#child.stdout), this.#written.read(this.#child.stderr)]);
    this.exited = this.#child.exited.then(async (exit) => {
      await read;
      return { ...exit, output: this.output };
    });
  }

  get pid(): number {
    return this.#child.pid;
  }

  get running(): boolean {
    return this.#child.running;
  }

  /** Lines written so far. */
  get lines(): readonly string[] {
    return this.#written.all;
  }

  get output(): string {
    return this.#written.all.join("\n");
  }

  /** The first line from number `from` on that fits, written already or to come. Rejects when it ends without one. */
  async line(pattern: RegExp | string, { from = 0, timeout = 15_000 } = {}): Promise<string> {
    const fits = (text: string) => (typeof pattern === "string" ? text.includes(pattern) : pattern.test(text));
    return await this.#whileRunning(`a line with ${pattern}`, timeout, () => this.lines.slice(from).find(fits));
  }

  /** Returns when GET `url` is answered with 200. */
  async ready(url: string, { timeout = 30_000 } = {}): Promise<void> {
    await this.#whileRunning(`200 from ${url}`, timeout, async () => {
      const answer = await fetch(url, { signal: AbortSignal.timeout(2_000) });
      const text = await answer.text();
      if (answer.status === 200) return true;
      throw new Error(`${answer.status} ${text}`);
    });
  }

  /** SIGTERM; the exit code, or null when a signal ended it. */
  async stop(patience?: number): Promise<number | null> {
    return (await this.#child.stop("SIGTERM", patience)).code;
  }

  async kill(): Promise<void> {
    await this.#child.kill();
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.signal(signal);
  }

  pause(): void {
    this.#child.pause();
  }

  resume(): void {
    this.#child.resume();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#dispose();
  }

  async #whileRunning<T>(what: string, timeout: number, look: () => T | Promise<T>): Promise<Truthy<T>> {
    try {
      return await until(look, { what, timeout, unless: this.exited });
    } catch (error) {
      throw new Error(`${Error.isError(error) ? error.message : error}\n${this.output}`);
    }
  }
}

/** Starts it and returns at once; wait with `ready` or `line`. */
export function startProgram(options: ProgramOptions): Program {
  return new Program(options);
}
