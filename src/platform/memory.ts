/** When a start is over, and what begins with it (first connections, first statements) as well. */
const AFTER_START_MS = 1500;

/** Gives back what only a start needs, for this thread: code that ran once, and memory in which nothing is left. */
export function giveBackAfterStart(): void {
  setTimeout(() => Bun.shrink(), AFTER_START_MS).unref();
}
