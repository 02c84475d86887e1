import type { Command } from "commander";

/** What commands may touch of the surroundings; only `main.ts` has the real ones. */
export interface Surroundings {
  environment: Readonly<Record<string, string | undefined>>;
  /** Everything on stdin, until its end. */
  input(): Promise<string>;
  out(line: string): void;
  error(line: string): void;
}

/** Adds a command to the program; `finish` says the exit code of one that did not fail by throwing. */
export type Register = (program: Command, surroundings: Surroundings, finish: (code: number) => void) => void;
