/** Lines that one or several streams write, in the order of arrival. */
export class Lines {
  readonly all: string[] = [];
  readonly #tell: (line: string) => void;

  constructor(tell: (line: string) => void = () => undefined) {
    this.#tell = tell;
  }

  /** Returns when the stream has ended. */
  async read(stream: ReadableStream<Uint8Array> | undefined): Promise<void> {
    if (!stream) return;
    const decoder = new TextDecoder();
    let rest = "";
    for await (const bytes of stream) {
      const parts = (rest + decoder.decode(bytes, { stream: true })).split("\n");
      rest = parts.pop() ?? "";
      for (const line of parts) this.#add(line);
    }
    if (rest !== "") this.#add(rest);
  }

  #add(line: string): void {
    this.all.push(line);
    this.#tell(line);
  }
}
