import { afterAll, beforeAll, beforeEach, expect, test } from "bun:test";
import { Desk } from "./desk.ts";
import { forget, PIECE } from "./forget.ts";

let desk: Desk;
beforeAll(async () => {
  desk = await Desk.open();
}, 60_000);
beforeEach(() => desk.clear());
afterAll(() => desk.close());

/** Deliveries of a shop, `count` of each: old ones that are over, old ones that wait, and new ones that are over. */
async function fill(tenant: string, count: number): Promise<void> {
  const { id } = await desk.endpoint({}, tenant);
  await desk.engine.query(
    `insert into deliveries (tenant_id, id, endpoint_id, event_id, event_type, body, status, created_at, queued_at)
     select $1, gen_random_uuid(), $2, gen_random_uuid(), 'quote_sent', '{}', kind.status, kind.at, now()
     from generate_series(1, $3::int), (values ('delivered', now() - interval '31 days'), ('failed', now() - interval '30 days 1 second'),
       ('pending', now() - interval '31 days'), ('delivered', now() - interval '29 days')) as kind (status, at)`,
    [desk.engine.tenant(tenant).tenant_id, id, count],
  );
}

const left = async () =>
  (await desk.engine.query("select status, count(*)::int as count from deliveries group by 1 order by 1")).map(
    ({ status, count }) => [status, count],
  );

test("what was kept for 30 days is forgotten, of every shop, in pieces; what waits still or is newer stays", async () => {
  await fill("shop", PIECE);
  await fill("other", 3);
  await desk.engine.runJob("forget");
  expect(await left()).toEqual([
    ["delivered", PIECE + 3],
    ["pending", PIECE + 3],
  ]);
}, 30_000);

test("no transaction takes more than a piece, and none is begun once the host stops", async () => {
  const stop = new AbortController();
  const sizes: number[] = [];
  const counts = [PIECE, PIECE, 5];
  const everywhere = async (work: (db: object) => Promise<unknown>) =>
    await work({
      query: async (sql: string, parameters?: unknown[]) => {
        if (parameters === undefined) return [{ tenant_id: "a" }, { tenant_id: "b" }];
        expect(sql).toContain("limit $2");
        expect(parameters[1]).toBe(PIECE);
        const count = counts.shift() ?? 0;
        sizes.push(count);
        if (sizes.length === 2) stop.abort();
        return Array.from({ length: count }, () => ({}));
      },
    });
  await forget({ everywhere, signal: stop.signal } as never);
  expect(sizes).toEqual([PIECE, PIECE]);
});
