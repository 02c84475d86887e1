/** What one job carries: an event's ids and the quantity its effect writes, 350 bytes in all. */
export interface Job {
  tenant_id: string;
  event_id: string;
  quantity: string;
  reason: string;
}

/** `count` jobs of `tenants` shops in turn, `size` at a time, with ids as the ledger has them: in the order of time. */
export function* jobs(count: number, tenants: number, size: number): Generator<Job[]> {
  const shops = Array.from({ length: tenants }, () => Bun.randomUUIDv7());
  const reason = "x".repeat(220);
  for (let done = 0; done < count; done += size) {
    yield Array.from({ length: Math.min(size, count - done) }, (_, i) => ({
      tenant_id: shops[(done + i) % tenants] ?? "",
      event_id: Bun.randomUUIDv7(),
      quantity: "10.000",
      reason,
    }));
  }
}
