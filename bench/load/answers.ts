const HEAD_END = Buffer.from("\r\n\r\n");
const LENGTH = /\r\ncontent-length: *(\d+)/i;

/** Counts the answers in what a keep-alive connection brings, whatever pieces it comes in. */
export class Answers {
  #rest: Buffer | undefined;
  readonly #heard: (status: number) => void;

  constructor(heard: (status: number) => void) {
    this.#heard = heard;
  }

  read(bytes: Buffer): void {
    let data = this.#rest ? Buffer.concat([this.#rest, bytes]) : bytes;
    for (;;) {
      const end = endOfFirst(data);
      if (end === undefined || end > data.length) break;
      // "HTTP/1.1 200 OK"
      this.#heard(Number(data.toString("latin1", 9, 12)));
      if (end === data.length) {
        this.#rest = undefined;
        return;
      }
      data = data.subarray(end);
    }
    // A copy: the socket uses its buffer again.
    this.#rest = Buffer.from(data);
  }
}

function endOfFirst(data: Buffer): number | undefined {
  const head = data.indexOf(HEAD_END);
  if (head === -1) return undefined;
  const length = LENGTH.exec(data.toString("latin1", 0, head))?.[1];
  if (length === undefined) throw new Error(`an answer without a length: ${data.toString("latin1", 0, head)}`);
  return head + HEAD_END.length + Number(length);
}
