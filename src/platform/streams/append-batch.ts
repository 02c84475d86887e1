import { appendHead, appendValues, bytesOf, charactersOf, type Measure } from "./append-command.ts";
import type { RedisSocket } from "./redis-socket.ts";
import { Replies } from "./replies.ts";
import { nameOf, type PartitionName, type PartitionRef, type StreamEntry } from "./streams.ts";

/** Entries of one command: Redis does nothing else meanwhile, and one text with an accent has all of them encoded twice. */
const TOGETHER = 128;
const CHARACTERS_TOGETHER = 64 * 1024;
/** Lengths told in bytes have more digits than those told in characters. */
const SLACK = 4096;

interface Command {
  entries: readonly StreamEntry[];
  /** Whether the stream may begin with the first of them. */
  make: boolean;
}

/** What became of entries that were sent. Partitions are named once. */
export interface Outcome {
  /** Entries did not follow what their stream ends with. */
  lost: Map<PartitionName, PartitionRef>;
  /** The first refusal of another kind. */
  refusal: string | undefined;
}

/** Builds the commands for many entries as bytes, again and again in the same memory. */
export class AppendBatch {
  readonly #keyOf: (ref: PartitionRef) => string;
  #buffer = Buffer.allocUnsafeSlow(1024 * 1024);

  constructor(keyOf: (ref: PartitionRef) => string) {
    this.#keyOf = keyOf;
  }

  /** Sends `entries` over `socket`. With `make`, streams that are not there are made. */
  async send(socket: RedisSocket, entries: readonly StreamEntry[], make: boolean): Promise<Outcome> {
    const commands: Command[] = [];
    for (const partition of byPartition(entries).values()) commands.push(...commandsOf(partition, make));
    let end = 0;
    for (const command of commands) end = this.#write(command, end);
    const replies = new Replies(commands.length);
    await socket.send(this.#buffer.subarray(0, end), replies);
    const outcome: Outcome = { lost: new Map(), refusal: undefined };
    for (const [i, exception] of replies.exceptions) {
      const ref = commands[i]?.entries[0];
      if (exception !== null) outcome.refusal ??= exception;
      else if (ref) outcome.lost.set(nameOf(ref), { stream: ref.stream, partition: ref.partition });
    }
    return outcome;
  }

  /** Writes one command at `start`; returns where it ends. */
  #write(command: Command, start: number): number {
    const quick = this.#textOf(command, charactersOf);
    this.#grow(start + (quick.length > CHARACTERS_TOGETHER ? Buffer.byteLength(quick) + SLACK : quick.length * 3));
    const length = this.#buffer.write(quick, start, "utf8");
    // As many bytes as characters: what was told as lengths was right.
    if (length === quick.length) return start + length;
    return start + this.#buffer.write(this.#textOf(command, bytesOf), start, "utf8");
  }

  #textOf({ entries, make }: Command, measure: Measure): string {
    const [first] = entries;
    if (!first) return "";
    let text = appendHead(this.#keyOf(first), make, entries.length);
    for (const entry of entries) text += appendValues(entry, measure);
    return text;
  }

  #grow(length: number): void {
    if (length <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.ceil(length * 1.5));
    this.#buffer.copy(larger);
    this.#buffer = larger;
  }
}

function byPartition(entries: readonly StreamEntry[]): Map<PartitionName, StreamEntry[]> {
  const partitions = new Map<PartitionName, StreamEntry[]>();
  for (const entry of entries) {
    const name = nameOf(entry);
    const partition = partitions.get(name);
    if (partition) partition.push(entry);
    else partitions.set(name, [entry]);
  }
  return partitions;
}

/**
 * Entries of one partition in pieces that go into one command each. Only the first may make the stream: when it is wiped
 * before the second, that one does not follow.
 */
function commandsOf(entries: readonly StreamEntry[], make: boolean): Command[] {
  const commands: Command[] = [];
  let command: StreamEntry[] = [];
  let characters = 0;
  for (const entry of entries) {
    command.push(entry);
    characters += entry.payload.length;
    if (command.length < TOGETHER && characters < CHARACTERS_TOGETHER && entry !== entries.at(-1)) continue;
    commands.push({ entries: command, make: make && commands.length === 0 });
    command = [];
    characters = 0;
  }
  return commands;
}
