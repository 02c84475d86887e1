export interface UntilOptions {
  /** What is waited for, as it reads after "waited in vain for": "the lag to be 0". */
  what: string;
  /** Milliseconds. */
  timeout?: number;
  /** Milliseconds between two looks. */
  every?: number;
  /** Once this has settled there is one last look: what is waited for can no longer come, as its process has ended. */
  unless?: Promise<unknown>;
}

export type Truthy<T> = Exclude<T, undefined | null | false | 0 | 0n | "">;

/**
 * The first truthy value of `condition`, which may throw as long as it is not yet so. Tests wait by this and never for a
 * length of time. Rejects with what was waited for and what was seen last.
 */
export async function until<T>(
  condition: () => T | Promise<T>,
  { what, timeout = 15_000, every = 10, unless }: UntilOptions,
): Promise<Truthy<T>> {
  const start = performance.now();
  let pointless = false;
  const end = () => {
    pointless = true;
  };
  unless?.then(end, end);
  for (;;) {
    const last = pointless || performance.now() - start >= timeout;
    let seen: unknown;
    try {
      const value = await within(condition, Math.max(timeout - (performance.now() - start), 100));
      if (isTruthy(value)) return value;
      seen = value;
    } catch (error) {
      seen = error;
    }
    if (last) throw failure(what, pointless, performance.now() - start, seen);
    await Bun.sleep(every);
  }
}

function isTruthy<T>(value: T): value is T & Truthy<T> {
  return Boolean(value);
}

/** A condition may hang, for instance on a paused server, and a timer alone does not end that. */
async function within<T>(condition: () => T | Promise<T>, milliseconds: number): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error("no answer")), milliseconds);
  try {
    return await Promise.race([condition(), promise]);
  } finally {
    clearTimeout(timer);
  }
}

function failure(what: string, pointless: boolean, milliseconds: number, seen: unknown): Error {
  const how = pointless ? "it ended before there was" : `waited ${Math.round(milliseconds)} ms in vain for`;
  const last = seen instanceof Error ? seen.message : Bun.inspect(seen);
  return new Error(`${how} ${what}; last seen: ${last}`, { cause: seen });
}
