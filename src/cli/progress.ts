import { Presets, SingleBar } from "cli-progress";

/** A bar on stderr; where that is no terminal, a line every few seconds. */
export class Progress {
  readonly #bar: SingleBar;

  constructor(what: string, total: number, unit: string) {
    this.#bar = new SingleBar(
      {
        format: `${what} {bar} {percentage} % | {value}/{total} ${unit} | {duration_formatted}`,
        noTTYOutput: true,
        notTTYSchedule: 3000,
      },
      Presets.shades_classic,
    );
    this.#bar.start(total, 0);
  }

  update(done: number): void {
    this.#bar.update(done);
  }

  stop(): void {
    this.#bar.stop();
  }
}
