// What a handler can say besides "done" by throwing. Told apart by `code`: a class does not survive a Worker, nor a
// second copy of this module.

/** Trying again can never help: the event goes to the dead at once. */
export class PermanentError extends Error {
  readonly code = "permanent";
}

/** Not now: the event waits for `delay_ms` and is tried again. Does not count as an attempt. */
export class RetryLater extends Error {
  readonly code = "retry_later";
  readonly delay_ms: number;
  constructor(delay_ms: number, reason = "to be tried again later") {
    super(reason);
    this.delay_ms = delay_ms;
  }
}
