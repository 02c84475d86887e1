/** A request of a simulated process to a simulated server: first the server does it, later the process hears of it. */
interface Operation {
  process: SimulatedProcess;
  run: () => unknown;
  /** Requests of one lane are done in the order in which they were made, as on one connection. */
  lane: object;
  /** The connection is gone: the server may still do it, nobody will hear. */
  orphan: boolean;
  outcome: { value: unknown } | { error: unknown } | undefined;
  resolve: (value: unknown) => void;
  reject: (error: unknown) => void;
}

interface Timer {
  process: SimulatedProcess;
  due: number;
  then: () => void;
}

/** A process that can be frozen and killed. */
export interface SimulatedProcess {
  name: string;
  state: "running" | "frozen" | "dead";
  /** Connections to Postgres lost so far. */
  losses: number;
}

class Killed extends Error {
  readonly code = "CONNECTION_CLOSED";
}

/**
 * Time, requests and chance of a simulation. Everything that happens is chosen by `tape`, so that a run can be repeated
 * number by number; when the tape is at its end everything happens in turn.
 */
export class World {
  now = 0;
  readonly #tape: readonly number[];
  #at = 0;
  #operations: Operation[] = [];
  #timers: Timer[] = [];

  constructor(tape: readonly number[]) {
    this.#tape = tape;
  }

  get ended(): boolean {
    return this.#at >= this.#tape.length;
  }

  /** A number in [0, below). */
  pick(below: number): number {
    return (this.#tape[this.#at++] ?? 0) % below;
  }

  /** What `run` does on a server, some time from now. */
  async request<T>(process: SimulatedProcess, run: () => T, lane: object = {}): Promise<T> {
    if (process.state === "dead") throw new Killed("dead");
    return await new Promise<T>((resolve, reject) => {
      const settle = resolve as (value: unknown) => void;
      this.#operations.push({ process, run, lane, orphan: false, outcome: undefined, resolve: settle, reject });
    });
  }

  after(process: SimulatedProcess, milliseconds: number, then: () => void): () => void {
    const timer = { process, due: this.now + milliseconds, then };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  /** Servers do what they were asked for, and time passes: what takes long leaves no request on its way. */
  pass(milliseconds: number): void {
    for (const operation of this.#operations) if (operation.outcome === undefined) this.#advance(operation);
    this.now += milliseconds;
  }

  /** The connections of `process` break: its requests fail for it, though servers may still do what they were asked for. */
  cut(process: SimulatedProcess, error: Error): void {
    const cut = this.#operations.filter((operation) => operation.process === process && !operation.orphan);
    this.#operations = this.#operations.filter((operation) => !cut.includes(operation) || !operation.outcome);
    for (const operation of cut) {
      operation.orphan = true;
      operation.reject(error);
    }
  }

  kill(process: SimulatedProcess): void {
    process.state = "dead";
    this.cut(process, new Killed("killed"));
    this.#timers = this.#timers.filter((timer) => timer.process !== process);
  }

  /** One request goes one step on, or the time to the next timer passes. False when there is nothing to wait for. */
  async step(): Promise<boolean> {
    const waiting = new Set<object>();
    const able = this.#operations.filter(({ process, outcome, lane }) => {
      if (outcome !== undefined) return process.state === "running";
      const first = !waiting.has(lane);
      waiting.add(lane);
      return first;
    });
    const timers = this.#timers.filter(({ process }) => process.state === "running");
    const choice = this.pick(able.length + (timers.length > 0 ? 1 : 0));
    const operation = able[choice];
    if (operation) this.#advance(operation);
    else if (timers.length > 0) this.#ring(timers);
    else return false;
    await new Promise((resolve) => setImmediate(resolve));
    return true;
  }

  #advance(operation: Operation): void {
    if (operation.outcome === undefined) {
      try {
        operation.outcome = { value: operation.run() };
      } catch (error) {
        operation.outcome = { error };
      }
      if (operation.orphan) this.#operations = this.#operations.filter((other) => other !== operation);
      return;
    }
    this.#operations = this.#operations.filter((other) => other !== operation);
    if ("error" in operation.outcome) operation.reject(operation.outcome.error);
    else operation.resolve(operation.outcome.value);
  }

  #ring(timers: readonly Timer[]): void {
    const [first, ...rest] = timers;
    if (!first) return;
    const next = rest.reduce((a, b) => (b.due < a.due ? b : a), first);
    this.now = Math.max(this.now, next.due);
    this.#timers = this.#timers.filter((timer) => timer !== next);
    next.then();
  }
}
