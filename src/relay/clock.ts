/** Time as the relay sees it; tests give it one of their own. */
export interface Clock {
  /** Milliseconds that only grow. */
  now(): number;
  /** Calls `then` after `milliseconds` unless the returned function was called before. */
  after(milliseconds: number, then: () => void): () => void;
}

export const realClock: Clock = {
  now: () => performance.now(),
  after: (milliseconds, then) => {
    const timer = setTimeout(then, milliseconds);
    return () => clearTimeout(timer);
  },
};
