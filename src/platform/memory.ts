/** When a start is over, and what begins with it (first connections, first statements) as well; and once more. */
const AFTER_START_MS = [1500, 3000];

/**
 * Gives back what only a start needs, for this thread: code that ran once, and memory in which nothing is left. What other
 * threads were still at the first time goes the second time.
 */
export function giveBackAfterStart(): void {
  for (const ms of AFTER_START_MS) setTimeout(() => Bun.shrink(), ms).unref();
}
