import pino from "pino";
import { Metrics } from "../../../src/platform/observability/metrics.ts";
import { nameOf } from "../../../src/platform/streams/streams.ts";
import { Relay } from "../../../src/relay/relay.ts";
import { relayMetrics } from "../../../src/relay/relay-metrics.ts";
import type { RelayStore } from "../../../src/relay/relay-store.ts";
import { PARTITIONS, SimulatedLedger } from "./ledger.ts";
import { SimulatedStore } from "./store.ts";
import { SimulatedRedis, SimulatedStreams } from "./streams.ts";
import { type SimulatedProcess, World } from "./world.ts";

/** The parts a schedule runs with; a rule is removed by giving another one. */
export interface Variant {
  store?: (...parts: ConstructorParameters<typeof SimulatedStore>) => RelayStore;
  streams?: (...parts: ConstructorParameters<typeof SimulatedStreams>) => SimulatedStreams;
}

const log = pino({ level: "silent" });
const metrics = relayMetrics(new Metrics());
/** Virtual time in which all faults must be healed, and steps after which the relay is taken to be stuck. */
const RESTORE_MS = 5000;
const HEALED_MS = 20_000;
const STEPS = 20_000;

interface Host {
  process: SimulatedProcess;
  relay: Relay;
  stopped?: Promise<void>;
}

/** Writers, relays and faults as `tape` says; then peace, and a look at what the streams hold. */
class Schedule {
  readonly #world: World;
  readonly #ledger = new SimulatedLedger();
  readonly #redis = new SimulatedRedis();
  readonly #variant: Variant;
  readonly #hosts: Host[] = [];

  constructor(tape: readonly number[], variant: Variant) {
    this.#world = new World(tape);
    this.#variant = variant;
  }

  /** Undefined when every stream holds what it must; else what is wrong. */
  async run(): Promise<string | undefined> {
    this.#startRelay();
    this.#startRelay();
    while (!this.#world.ended) await this.#act();
    this.#peace();
    const problem = await this.#settle();
    for (const { process } of this.#hosts) this.#kill(process);
    await Promise.all(this.#hosts.map(({ stopped }) => stopped));
    return problem;
  }

  async #act(): Promise<void> {
    const kind = this.#world.pick(32);
    if (kind < 16) await this.#world.step();
    else if (kind < 28) this.#write();
    else this.#disturb();
  }

  #write(): void {
    const { open } = this.#ledger;
    const transaction = open[this.#world.pick(4)];
    if (!transaction) this.#ledger.begin();
    else if (this.#world.pick(2) === 0) this.#ledger.insert(transaction, this.#world.pick(PARTITIONS.length));
    else this.#ledger.end(transaction, this.#world.pick(4) !== 0);
  }

  #disturb(): void {
    const world = this.#world;
    const alive = this.#hosts.filter(({ process }) => process.state !== "dead");
    const some = alive[world.pick(Math.max(1, alive.length))]?.process;
    switch (world.pick(12)) {
      case 0:
        if (some) this.#kill(some);
        if (alive.length < 3) this.#startRelay();
        return;
      case 1:
      case 2:
        if (some) some.state = some.state === "frozen" ? "running" : "frozen";
        return;
      case 3:
        this.#redis.flush();
        return;
      case 4:
        this.#redis.sync();
        return;
      case 5:
        this.#redis.restart();
        return;
      case 6:
        this.#redis.fault = { after: world.pick(4), kind: "full" };
        return;
      case 7:
        this.#redis.fault = { after: world.pick(4), kind: "cut" };
        return;
      case 8:
        this.#ledger.backUp();
        return;
      case 9:
        this.#consume();
        return;
      case 10:
        world.pass(RESTORE_MS);
        this.#ledger.restore();
        // Behind a pool nobody notices that another server answers.
        if (world.pick(2) === 0) for (const { process } of alive) this.#cut(process);
        return;
      default:
        if (some) this.#cut(some);
    }
  }

  /** Engines handle what they find in a stream: it may be trimmed then. */
  #consume(): void {
    const ref = PARTITIONS[this.#world.pick(PARTITIONS.length)];
    const entries = ref === undefined ? [] : (this.#redis.streams.get(nameOf(ref))?.entries ?? []);
    const entry = entries[this.#world.pick(Math.max(1, entries.length))];
    if (entry) this.#ledger.consume(entry, entry.seq);
  }

  #cut(process: SimulatedProcess): void {
    process.losses++;
    this.#world.cut(process, Object.assign(new Error("cut"), { code: "CONNECTION_CLOSED" }));
  }

  #kill(process: SimulatedProcess): void {
    this.#world.kill(process);
    for (const host of this.#hosts) if (host.process === process) host.stopped ??= host.relay.stop();
  }

  #startRelay(): void {
    const process: SimulatedProcess = { name: `relay ${this.#hosts.length}`, state: "running", losses: 0 };
    const world = this.#world;
    const { store, streams } = this.#variant;
    const relay = new Relay({
      store: store?.(world, this.#ledger, process) ?? new SimulatedStore(world, this.#ledger, process),
      streams: streams?.(world, this.#redis, process) ?? new SimulatedStreams(world, this.#redis, process),
      log,
      metrics,
      clock: { now: () => world.now, after: (ms, then) => world.after(process, ms, then) },
      batch: 3,
      lease_seconds: 0.5,
    });
    this.#hosts.push({ process, relay });
    relay.start();
  }

  #peace(): void {
    this.#redis.fault = undefined;
    for (const transaction of [...this.#ledger.open]) this.#ledger.end(transaction, true);
    for (const { process } of this.#hosts) if (process.state === "frozen") process.state = "running";
    if (this.#hosts.every(({ process }) => process.state === "dead")) this.#startRelay();
  }

  async #settle(): Promise<string | undefined> {
    const until = this.#world.now + HEALED_MS;
    for (let steps = 0; steps < STEPS && this.#world.now < until; steps++) {
      await this.#world.step();
      if (steps % 64 === 0 && this.#world.now > until - HEALED_MS + 3000 && this.#problem() === undefined) break;
    }
    return this.#problem();
  }

  #problem(): string | undefined {
    for (const ref of PARTITIONS) {
      const entries = this.#ledger.entries(ref);
      const found = (this.#redis.streams.get(nameOf(ref))?.entries ?? []).map(textOf);
      // What every engine has may be gone from its beginning, but never the newest.
      const consumed = this.#ledger.consumed.get(nameOf(ref)) ?? 0;
      const needed = Math.max(1, entries.filter(({ seq }) => seq > consumed).length);
      const wanted = entries.slice(entries.length - Math.max(needed, found.length)).map(textOf);
      if (`${found}` !== `${wanted}`) return `${nameOf(ref)} must hold ${wanted.join()} and holds ${found.join()}`;
    }
    return undefined;
  }
}

function textOf(entry: { seq: number; event_id: string; prev: number }): string {
  return `${entry.seq}:${entry.event_id}<${entry.prev}`;
}

export async function runSchedule(tape: readonly number[], variant: Variant = {}): Promise<string | undefined> {
  return await new Schedule(tape, variant).run();
}
