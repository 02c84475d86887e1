import { closeSync, openSync } from "node:fs";
import { basename } from "node:path";
import { type Account, bindCommand } from "./account.ts";
import { descendants, isAlive, signalAll } from "./process-tree.ts";
import { type Truthy, until } from "./until.ts";

export interface ChildOptions {
  command: readonly string[];
  cwd: string;
  env?: Record<string, string | undefined>;
  account?: Account | undefined;
  /** Pid of a process whose network namespace it is started in; needs root. */
  network?: number | undefined;
  /** What the kernel sends the child when this process dies. A server that would leave children behind needs a softer one. */
  deathSignal?: "KILL" | "QUIT" | "TERM";
  /** File that takes stdout and stderr, appended to; "pipe" for a program whose lines are read. */
  output: string | "pipe";
}

export interface Exit {
  code: number | null;
  signal: string | number | null;
}

/** A process that a test starts, stops, kills, freezes and thaws, with all processes it started itself. */
export class Child {
  readonly pid: number;
  readonly exited: Promise<Exit>;
  readonly stdout: ReadableStream<Uint8Array> | undefined;
  readonly stderr: ReadableStream<Uint8Array> | undefined;
  readonly #name: string;
  readonly #output: string;
  #running = true;

  constructor({ command, cwd, env, account, network, deathSignal = "KILL", output }: ChildOptions) {
    this.#name = basename(command[0] ?? "");
    this.#output = output;
    const target = output === "pipe" ? output : openSync(output, "a");
    const entrance = network === undefined ? [] : ["nsenter", `--net=/proc/${network}/ns/net`, "--"];
    const child = Bun.spawn([...entrance, ...bindCommand(command, account, deathSignal)], {
      cwd,
      env: env ?? process.env,
      stdin: "ignore",
      stdout: target,
      stderr: target,
    });
    if (typeof target === "number") closeSync(target);
    this.pid = child.pid;
    this.stdout = child.stdout instanceof ReadableStream ? child.stdout : undefined;
    this.stderr = child.stderr instanceof ReadableStream ? child.stderr : undefined;
    this.exited = child.exited.then(() => {
      this.#running = false;
      return { code: child.exitCode, signal: child.signalCode };
    });
  }

  get running(): boolean {
    return this.#running && isAlive(this.pid);
  }

  signal(signal: NodeJS.Signals): void {
    if (this.#running) signalAll([this.pid], signal);
  }

  /** Returns when `ready` holds; rejects with the output file's text when the child ends before, or never gets there. */
  async started<T>(ready: () => T | Promise<T>): Promise<Truthy<T>> {
    const what = `${this.#name} to be ready`;
    try {
      return await until(ready, { what, timeout: 60_000, unless: this.exited });
    } catch (error) {
      await this.kill();
      throw new Error(`${Error.isError(error) ? error.message : error}\n${await Bun.file(this.#output).text()}`);
    }
  }

  /** Asks it to end with `signal`; rejects, after killing it, when it has not done so within `patience` milliseconds. */
  async stop(signal: NodeJS.Signals, patience = 30_000): Promise<Exit> {
    if (!this.#running) return await this.exited;
    this.resume();
    this.signal(signal);
    const late = Promise.withResolvers<undefined>();
    const timer = setTimeout(() => late.resolve(undefined), patience);
    const exit = await Promise.race([this.exited, late.promise]);
    clearTimeout(timer);
    if (exit) return exit;
    await this.kill();
    throw new Error(`${this.#name} had not ended ${patience} ms after ${signal}`);
  }

  /** As if the power went: nobody of them gets to do anything more. They are gone when this returns. */
  async kill(): Promise<Exit> {
    if (!this.#running) return await this.exited;
    // The parent first: it must not see a child die and start to recover. Frozen ones can be killed too.
    const family = [this.pid, ...descendants(this.pid)];
    signalAll(family, "SIGKILL");
    await until(() => !family.some(isAlive), { what: `${this.#name} and its children to be gone` });
    return await this.exited;
  }

  /** Freezes it: connections stay open and nothing answers, as with a stalled machine. */
  pause(): void {
    this.signal("SIGSTOP");
    signalAll(descendants(this.pid), "SIGSTOP");
  }

  resume(): void {
    signalAll([...descendants(this.pid).reverse(), this.pid], "SIGCONT");
  }
}
