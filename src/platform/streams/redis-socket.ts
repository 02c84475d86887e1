import type { Socket } from "bun";
import { Replies } from "./replies.ts";

/** Takes what a server answers, in whatever pieces it comes. */
export interface Answers {
  /** True when everything is there. `chunk` must not be kept: the socket uses its memory again. */
  feed(chunk: Buffer): boolean;
}

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
class SocketClosed extends Error {
  readonly code = "CONNECTION_CLOSED";
}

const CONNECT_TIMEOUT_MS = 5000;
/** Without any answer for this long the peer is taken for dead. */
const SILENCE_MS = 5000;

interface Sending {
  answers: Answers;
  silence_ms: number;
  resolve(): void;
  reject(error: Error): void;
}

/**
 * A connection on which commands are sent as bytes, many at once, and then their answers taken: for entries by the
 * thousand. It never connects again by itself: whoever opens the next one knows best what to look at first.
 */
export class RedisSocket {
  readonly #socket: Socket;
  #unsent: Uint8Array | undefined;
  #sending: Sending | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #closed: Error | undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** `first` are commands that must have been done before anything is sent. */
  static async connect(address: RedisAddress, name: string, first: readonly string[][]): Promise<RedisSocket> {
    const { promise, resolve, reject } = Promise.withResolvers<RedisSocket>();
    let made: RedisSocket | undefined;
    /** Why the server is not believed to be the one that was asked for. */
    let distrust: Error | undefined;
    const timer = setTimeout(() => reject(new SocketClosed("Redis does not answer")), CONNECT_TIMEOUT_MS);
    const socket = Bun.connect({
      hostname: address.hostname,
      port: address.port,
      tls: address.tls,
      socket: {
        data: (_, chunk) => {
          if (made) made.#hear(chunk);
        },
        drain: () => {
          if (made) made.#flush();
        },
        handshake: (_, trusted, error) => {
          if (!trusted && error) distrust = error;
        },
        close: (_, error) => {
          if (made) made.#fail(new SocketClosed((distrust ?? error)?.message ?? "Redis closed the connection"));
        },
        error: (_, error) => {
          if (made) made.#fail(new SocketClosed(error.message));
        },
        connectError: (_, error) => reject(error),
      },
    });
    socket.then((opened) => {
      opened.setKeepAlive(true, 5000);
      opened.setNoDelay(true);
      made = new RedisSocket(opened);
      resolve(made);
    }, reject);
    try {
      const connected = await promise;
      await connected.#greet(address, name, first);
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

  /**
   * Sends commands and resolves when `answers` has everything; rejects when nothing came for `silence_ms`. `commands` must
   * not change until then.
   */
  async send(commands: Uint8Array, answers: Answers, silence_ms = SILENCE_MS): Promise<void> {
    if (this.#closed) throw this.#closed;
    if (this.#sending) throw new Error("one sending at a time");
    await new Promise<void>((resolve, reject) => {
      this.#sending = { answers, silence_ms, resolve, reject };
      this.#unsent = commands;
      this.#watch();
      this.#flush();
    });
  }

  close(): void {
    this.#fail(new SocketClosed("closed"));
  }

  async #greet(
    { username, password, database }: RedisAddress,
    name: string,
    first: readonly string[][],
  ): Promise<void> {
    const commands: string[][] = [];
    if (password !== "") commands.push(username === "" ? ["AUTH", password] : ["AUTH", username, password]);
    if (database !== 0) commands.push(["SELECT", String(database)]);
    commands.push(...first, ["CLIENT", "SETNAME", name.replaceAll(/\s/g, "-")]);
    const text = commands.map((words) => `*${words.length}\r\n${words.map(bulk).join("")}`).join("");
    const replies = new Replies(commands.length);
    await this.send(Buffer.from(text), replies);
    for (const [place, refusal] of replies.exceptions) {
      // A name is for people who look at the server; not every account may have one.
      const isName = place === commands.length - 1;
      if (!isName || !isForbidden(refusal ?? "")) throw new Error(refusal ?? "Redis refuses the connection");
    }
  }

  #flush(): void {
    const unsent = this.#unsent;
    if (!unsent || this.#closed) return;
    const taken = Math.max(0, this.#socket.write(unsent));
    this.#unsent = taken < unsent.length ? unsent.subarray(taken) : undefined;
    if (taken > 0 && this.#unsent) this.#watch();
  }

  #hear(chunk: Buffer): void {
    const sending = this.#sending;
    if (!sending) return;
    if (!sending.answers.feed(chunk)) {
      this.#watch();
      return;
    }
    clearTimeout(this.#timer);
    this.#sending = undefined;
    sending.resolve();
  }

  #watch(): void {
    clearTimeout(this.#timer);
    const limit = this.#sending?.silence_ms ?? SILENCE_MS;
    this.#timer = setTimeout(() => this.#fail(new SocketClosed(`Redis has not answered for ${limit} ms`)), limit);
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

/** Whether a refusal says that this server is not the one to ask, now or any more. */
export function isElsewhere(refusal: string): boolean {
  return /^(MOVED|ASK|CLUSTERDOWN|TRYAGAIN|READONLY)\b/.test(refusal);
}

/** Whether a refusal says that this account, or anybody, may not use the command. */
export function isForbidden(refusal: string): boolean {
  return /^NOPERM\b|\bunknown (sub)?command\b/i.test(refusal);
}

/** A word of a command as the server takes it. */
export function bulk(word: string): string {
  return `$${Buffer.byteLength(word)}\r\n${word}\r\n`;
}
