/**
 * Runs `run` for every item: those of one key in their order, of different keys up to `lanes` at a time. After the first
 * failure nothing more is begun; it rejects with that, once everything under way is over.
 */
export async function inLanes<T>(
  items: readonly T[],
  lanes: number,
  keyOf: (item: T) => string,
  run: (item: T) => Promise<void>,
): Promise<void> {
  const latest = new Map<string, Promise<void>>();
  let failure: { error: unknown } | undefined;
  const turn = async (item: T, before: Promise<void> | undefined): Promise<void> => {
    await before;
    if (failure) return;
    try {
      await run(item);
    } catch (error) {
      failure ??= { error };
    }
  };
  const rest = items.values();
  // All lanes take from the same rest: what a lane waits for was taken before, so it is under way.
  const lane = async (): Promise<void> => {
    for (const item of rest) {
      const key = keyOf(item);
      const mine = turn(item, latest.get(key));
      latest.set(key, mine);
      await mine;
    }
  };
  await Promise.all(Array.from({ length: Math.min(lanes, items.length) }, lane));
  if (failure) throw failure.error;
}
