import { AppendBatch, type Outcome } from "./append-batch.ts";
import { APPEND_SCRIPT } from "./append-command.ts";
import type { RedisNodes } from "./redis-nodes.ts";
import { isElsewhere, RedisSocket } from "./redis-socket.ts";
import { type StreamEntry, StreamsFull, StreamsLost } from "./streams.ts";

interface Route {
  writer: RedisSocket | undefined;
  batch: AppendBatch;
}

/** Publishes entries over one connection to each node that holds partitions. */
export class RedisWriters {
  readonly #nodes: RedisNodes;
  readonly #name: string;
  readonly #routes = new Map<string, Route>();
  #closed = false;

  constructor(nodes: RedisNodes, name: string) {
    this.#nodes = nodes;
    this.#name = name;
  }

  /** See `EventStreams.append`; with `make` as `refill`. */
  async append(entries: readonly StreamEntry[], make: boolean): Promise<void> {
    if (entries.length === 0) return;
    const parts = await this.#byNode(entries);
    // All are waited for, also when one fails: the next call may not find a sending under way.
    const settled = await Promise.allSettled(
      [...parts].map(async ([node, part]) => {
        const route = await this.#routeTo(node);
        return await route.batch.send(route.writer, part, make);
      }),
    );
    const outcomes: Outcome[] = [];
    let failure: unknown;
    for (const result of settled) {
      if (result.status === "fulfilled") outcomes.push(result.value);
      else failure ??= result.reason;
    }
    // The node may be gone for good and another one in charge.
    if (failure !== undefined) this.#nodes.moved();
    this.#judge(outcomes);
    if (failure !== undefined) throw failure;
  }

  close(): void {
    this.#closed = true;
    for (const { writer } of this.#routes.values()) writer?.close();
    this.#routes.clear();
  }

  /** A refusal first: what was to follow what was refused does not follow. */
  #judge(outcomes: readonly Outcome[]): void {
    const refusal = outcomes.find((outcome) => outcome.refusal !== undefined)?.refusal;
    if (refusal?.startsWith("OOM")) throw new StreamsFull("Redis has no memory left (maxmemory)");
    if (refusal !== undefined) {
      if (isElsewhere(refusal) || refusal.startsWith("NOSCRIPT")) {
        this.close();
        this.#closed = false;
        this.#nodes.moved();
      }
      throw new Error(`Redis refuses an entry: ${refusal}`);
    }
    const lost = outcomes.flatMap((outcome) => [...outcome.lost.values()]);
    if (lost.length > 0) throw new StreamsLost(lost);
  }

  async #byNode(entries: readonly StreamEntry[]): Promise<Map<string, StreamEntry[]>> {
    const parts = new Map<string, StreamEntry[]>();
    const nodes = new Map<string, StreamEntry[]>();
    for (const entry of entries) {
      const group = this.#nodes.groupOf(entry);
      let part = nodes.get(group);
      if (!part) {
        const node = await this.#nodes.nodeOf(entry);
        part = parts.get(node) ?? [];
        parts.set(node, part);
        nodes.set(group, part);
      }
      part.push(entry);
    }
    return parts;
  }

  async #routeTo(node: string): Promise<Route & { writer: RedisSocket }> {
    const known = this.#routes.get(node);
    if (known?.writer && !known.writer.closed) return { ...known, writer: known.writer };
    const writer = await RedisSocket.connect(this.#nodes.addressOf(node), `${this.#name}-writer`, [
      ["SCRIPT", "LOAD", APPEND_SCRIPT],
    ]);
    const route = { writer, batch: known?.batch ?? new AppendBatch((ref) => this.#nodes.keyOf(ref)) };
    if (this.#closed) writer.close();
    this.#routes.set(node, route);
    return route;
  }
}
