import { writeSync } from "node:fs";
import { codeOf } from "../platform/database/errors.ts";

const AGAIN_MS = 5;

/** Nobody reads the output any more, as after `| head`. */
export class OutputClosed extends Error {
  readonly code = "output_closed";
}

/**
 * Writes a line to a file descriptor, waiting as long as its reader takes. Throws `OutputClosed` when there is none, where
 * `console.log` says nothing and a command would go on for nobody.
 */
export function printLine(descriptor: number, line: string): void {
  let left = Buffer.from(`${line}\n`);
  while (left.length > 0) {
    try {
      left = left.subarray(writeSync(descriptor, left));
    } catch (error) {
      if (codeOf(error) === "EPIPE") throw new OutputClosed("nobody reads the output any more");
      // A terminal or pipe that somebody made non-blocking is full.
      if (codeOf(error) !== "EAGAIN") throw error;
      Bun.sleepSync(AGAIN_MS);
    }
  }
}
