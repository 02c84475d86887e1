import type { Socket } from "bun";
import { quantile } from "../sample.ts";
import { Answers } from "./answers.ts";
import type { LoadPlan, LoadResult } from "./plan.ts";

// A process of its own: load from the thread that also measures would be a measurement of that thread.
const plan: LoadPlan = await Bun.stdin.json();
const requests = plan.requests.map((text) => Buffer.from(text));
const latencies: number[] = [];
let measuring = false;
let refused = 0;

/** One keep-alive connection that always has `pipeline` requests under way. */
class Caller {
  readonly #sent: number[] = [];
  readonly #answers = new Answers((status) => this.#hear(status));
  #unsent: Buffer | undefined;
  #due = plan.pipeline;

  read(socket: Socket<Caller>, bytes: Buffer): void {
    this.#answers.read(bytes);
    this.send(socket);
  }

  send(socket: Socket<Caller>): void {
    if (this.#unsent) return;
    const now = performance.now();
    const batch: Buffer[] = [];
    for (; this.#due > 0; this.#due--) {
      const request = requests[Math.floor(Math.random() * requests.length)];
      if (request) batch.push(request);
      this.#sent.push(now);
    }
    const [only] = batch;
    if (only) this.#write(socket, batch.length === 1 ? only : Buffer.concat(batch));
  }

  drain(socket: Socket<Caller>): void {
    const rest = this.#unsent;
    this.#unsent = undefined;
    if (rest) this.#write(socket, rest);
    this.send(socket);
  }

  #write(socket: Socket<Caller>, bytes: Buffer): void {
    const written = socket.write(bytes);
    if (written < bytes.length) this.#unsent = bytes.subarray(Math.max(0, written));
  }

  #hear(status: number): void {
    const sent = this.#sent.shift() ?? 0;
    this.#due++;
    if (!measuring) return;
    if (status >= 200 && status < 300) latencies.push(performance.now() - sent);
    else refused++;
  }
}

const callers = Array.from({ length: plan.connections }, async () => {
  const caller = new Caller();
  return await Bun.connect<Caller>({
    hostname: "127.0.0.1",
    port: plan.port,
    socket: {
      open: (socket) => {
        socket.data = caller;
        caller.send(socket);
      },
      data: (socket, bytes) => caller.read(socket, bytes),
      drain: (socket) => caller.drain(socket),
      error: (_, error) => {
        throw error;
      },
      close: () => {
        throw new Error("the server closed a connection");
      },
    },
  });
});
await Promise.all(callers);
await Bun.sleep(plan.warm_ms);
measuring = true;
const start = performance.now();
await Bun.sleep(plan.measure_ms);
const seconds = (performance.now() - start) / 1000;
measuring = false;
const sorted = Float64Array.from(latencies).sort();
const result: LoadResult = {
  answers: latencies.length,
  refused,
  seconds,
  p50_ms: latencies.length > 0 ? quantile([...sorted], 0.5) : Number.NaN,
  p99_ms: latencies.length > 0 ? quantile([...sorted], 0.99) : Number.NaN,
};
await Bun.write(Bun.stdout, JSON.stringify(result));
process.exit(0);
