import { afterAll } from "bun:test";

type Disposer = () => Promise<void> | void;

const disposers = new Set<Disposer>();

/**
 * Has `dispose` run when the test file is done (or by `cleanUp`), the last registered first. The function returned runs
 * it at once, and at most one time however often it is called: what a `stop()` or `[Symbol.asyncDispose]` should be.
 */
export function whenDone(dispose: Disposer): () => Promise<void> {
  let outcome: Promise<void> | undefined;
  const once = () => {
    disposers.delete(once);
    outcome ??= Promise.resolve().then(dispose);
    return outcome;
  };
  disposers.add(once);
  return once;
}

/** Ends everything that is still registered. Benchmarks call it before they exit; in tests it runs by itself. */
export async function cleanUp(): Promise<void> {
  const failures: unknown[] = [];
  for (let last = [...disposers].pop(); last; last = [...disposers].pop()) {
    try {
      await last();
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw new AggregateError(failures, "not everything could be cleaned up");
}

// Each test file has its own copy of this module (the runner isolates files), so this is the end of that file. Outside the
// test runner there is nothing to hook into, and the call throws.
try {
  afterAll(cleanUp, 60_000);
} catch {
  // A benchmark: it calls cleanUp itself, and what it leaves after a crash the keeper of the temporary folder removes.
}
