/** Lines that one or several streams write, in the order of arrival. */
export class Lines {
  readonly all: string[] = [];

  /** Returns when the stream has ended. */
  async read(stream: ReadableStream<Uint8Array> | undefined): Promise<void> {
    if (!stream) return;
    const decoder = new TextDecoder();
    let rest = "";
    for await (const bytes of stream) {
      const parts = (rest + decoder.decode(bytes, { stream: true })).split("\n");
      rest = parts.pop() ?? "";
      this.all.push(...parts);
    }
    if (rest !== "") this.all.push(rest);
  }
}
