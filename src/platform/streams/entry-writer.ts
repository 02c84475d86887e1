import type { Socket } from "bun";
import { Replies } from "./replies.ts";

/** A Redis server as a plain socket reaches it. */
export interface RedisAddress {
  hostname: string;
  port: number;
  tls: boolean;
  username: string;
  password: string;
  database: number;
}

/** The socket to Redis is gone; what was sent may or may not have arrived. */
class WriterClosed extends Error {
  readonly code = "CONNECTION_CLOSED";
}

const CONNECT_TIMEOUT_MS = 5000;
/** Without any answer for this long the peer is taken for dead. */
const SILENCE_MS = 5000;

interface Sending {
  count: number;
  replies: Replies;
  resolve(exceptions: Map<number, string | null>): void;
  reject(error: Error): void;
}

/**
 * A connection that only writes: many commands at once, then their answers. It never connects again by itself: whoever
 * opens the next one must look first at what Redis still has.
 */
export class EntryWriter {
  readonly #socket: Socket;
  #unsent: Uint8Array | undefined;
  #sending: Sending | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #closed: Error | undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** `first` are commands that must have been done before anything is sent. */
  static async connect(address: RedisAddress, name: string, first: readonly string[][]): Promise<EntryWriter> {
    const { promise, resolve, reject } = Promise.withResolvers<EntryWriter>();
    let writer: EntryWriter | undefined;
    const timer = setTimeout(() => reject(new WriterClosed("Redis does not answer")), CONNECT_TIMEOUT_MS);
    const socket = Bun.connect({
      hostname: address.hostname,
      port: address.port,
      tls: address.tls,
      socket: {
        data: (_, chunk) => {
          if (writer) writer.#hear(chunk);
        },
        drain: () => {
          if (writer) writer.#flush();
        },
        close: (_, error) => {
          if (writer) writer.#fail(new WriterClosed(error?.message ?? "Redis closed the connection"));
        },
        error: (_, error) => {
          if (writer) writer.#fail(new WriterClosed(error.message));
        },
        connectError: (_, error) => reject(error),
      },
    });
    socket.then((opened) => {
      opened.setKeepAlive(true, 5000);
      opened.setNoDelay(true);
      writer = new EntryWriter(opened);
      resolve(writer);
    }, reject);
    try {
      const connected = await promise;
      await connected.#greet(address, [["CLIENT", "SETNAME", name.replaceAll(/\s/g, "-")], ...first]);
      return connected;
    } catch (error) {
      socket.then((opened) => opened.terminate()).catch(() => undefined);
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  get closed(): boolean {
    return this.#closed !== undefined;
  }

  /** Sends `count` commands and resolves with the answers that are not "done". `commands` must not change until then. */
  async send(commands: Uint8Array, count: number): Promise<Map<number, string | null>> {
    if (this.#closed) throw this.#closed;
    if (this.#sending) throw new Error("one sending at a time");
    return await new Promise((resolve, reject) => {
      this.#sending = { count, replies: new Replies(), resolve, reject };
      this.#unsent = commands;
      this.#watch();
      this.#flush();
    });
  }

  close(): void {
    this.#fail(new WriterClosed("closed"));
  }

  async #greet({ username, password, database }: RedisAddress, first: readonly string[][]): Promise<void> {
    const commands: string[][] = [];
    if (password !== "") commands.push(username === "" ? ["AUTH", password] : ["AUTH", username, password]);
    if (database !== 0) commands.push(["SELECT", String(database)]);
    commands.push(...first);
    const text = commands.map((words) => `*${words.length}\r\n${words.map(bulk).join("")}`).join("");
    for (const [, refusal] of await this.send(Buffer.from(text), commands.length)) {
      throw new Error(refusal ?? "Redis refuses the connection");
    }
  }

  #flush(): void {
    const unsent = this.#unsent;
    if (!unsent || this.#closed) return;
    const taken = Math.max(0, this.#socket.write(unsent));
    this.#unsent = taken < unsent.length ? unsent.subarray(taken) : undefined;
    if (taken > 0) this.#watch();
  }

  #hear(chunk: Buffer): void {
    const sending = this.#sending;
    if (!sending) return;
    sending.replies.feed(chunk);
    if (sending.replies.count < sending.count) {
      this.#watch();
      return;
    }
    clearTimeout(this.#timer);
    this.#sending = undefined;
    sending.resolve(sending.replies.exceptions);
  }

  #watch(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(
      () => this.#fail(new WriterClosed(`Redis has not answered for ${SILENCE_MS} ms`)),
      SILENCE_MS,
    );
  }

  #fail(error: Error): void {
    if (this.#closed) return;
    this.#closed = error;
    clearTimeout(this.#timer);
    this.#socket.terminate();
    this.#sending?.reject(error);
    this.#sending = undefined;
    this.#unsent = undefined;
  }
}

function bulk(word: string): string {
  return `$${Buffer.byteLength(word)}\r\n${word}\r\n`;
}
