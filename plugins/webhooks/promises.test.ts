import { afterAll, beforeAll, beforeEach, expect, test } from "bun:test";
import { Desk, type Page } from "./desk.ts";

let desk: Desk;
beforeAll(async () => {
  desk = await Desk.open();
}, 60_000);
beforeEach(() => desk.clear());
afterAll(() => desk.close());

/** What a receiver computes by the words of the standard, with the browser's cryptography instead of this plugin's. */
async function computed(secret: string, { headers, body }: Desk["received"][number]): Promise<string> {
  const bytes = Uint8Array.from(atob(secret.replace("whsec_", "")), (character) => character.charCodeAt(0));
  expect(bytes).toHaveLength(32);
  const key = await crypto.subtle.importKey("raw", bytes, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  const content = new TextEncoder().encode(`${headers["webhook-id"]}.${headers["webhook-timestamp"]}.${body}`);
  const signed = new Uint8Array(await crypto.subtle.sign("HMAC", key, content));
  return `v1,${btoa(String.fromCharCode(...signed))}`;
}

const sent = async () => {
  await desk.engine.runJob("send");
  const got = desk.received.at(-1);
  if (!got) throw new Error("nothing arrived");
  return got;
};
const rotated = async (id: string) =>
  (await desk.engine.request<{ secret: string }>("POST", `/endpoints/${id}/rotate-secret`)).body.secret;

test("every secret signs until 24 hours after it was changed, however often that was", async () => {
  const { id, secret } = await desk.endpoint();
  await desk.happen();
  const first = await sent();
  expect(first.headers["webhook-signature"]).toBe(await computed(secret, first));
  expect(Math.abs(Number(first.headers["webhook-timestamp"]) - Date.now() / 1000)).toBeLessThan(30);

  const second = await rotated(id);
  // As when the answer was lost: nobody ever saw the second.
  const third = await rotated(id);
  await desk.happen();
  const during = await sent();
  const signatures = (await Promise.all([third, second, secret].map((one) => computed(one, during)))).toSorted();
  expect(during.headers["webhook-signature"]?.split(" ").toSorted()).toEqual(signatures);

  await desk.engine.query(
    `update endpoints set retired_secrets = (select jsonb_agg(jsonb_set(r, '{until}', to_jsonb(now()))) 
       from jsonb_array_elements(retired_secrets) r)`,
  );
  await desk.happen();
  const after = await sent();
  expect(after.headers["webhook-signature"]).toBe(await computed(third, after));
});

test("a secret is changed only so often that its signatures fit into a header", async () => {
  const { id } = await desk.endpoint();
  for (let count = 0; count < 10; count++) await rotated(id);
  expect((await desk.engine.request("POST", `/endpoints/${id}/rotate-secret`)).status).toBe(409);
});

test("an attempt is signed anew under the id of the first, and the pauses grow to six hours until three days are over", async () => {
  const { secret } = await desk.endpoint();
  desk.answers(500);
  await desk.happen();
  const pauses: number[] = [];
  for (let pending = true; pending; ) {
    await desk.engine.runJob("send");
    const [waiting] = await desk.engine.query<{ pause: number }>(
      `select extract(epoch from next_attempt_at - last_attempt_at)::float8 as pause from deliveries where status = 'pending'`,
    );
    pending = waiting !== undefined;
    if (waiting) pauses.push(waiting.pause);
    // The pause is over.
    await desk.engine.query(
      `update deliveries set queued_at = queued_at - (next_attempt_at - now()), next_attempt_at = now()
       where status = 'pending'`,
    );
  }
  for (const [attempt, pause] of pauses.entries()) {
    const least = Math.min(5 * 2 ** attempt, 21_600);
    expect(pause).toBeGreaterThanOrEqual(least);
    expect(pause).toBeLessThan(least * 1.2 + 5);
  }
  const total = pauses.reduce((sum, pause) => sum + pause, 0);
  expect(total).toBeLessThanOrEqual(3 * 86_400);
  expect(total).toBeGreaterThan(3 * 86_400 - 21_600 * 1.2 - 60);
  expect(desk.received).toHaveLength(pauses.length + 1);
  expect(new Set(desk.received.map(({ headers }) => headers["webhook-id"])).size).toBe(1);
  const last = desk.received.at(-1);
  expect(last?.headers["webhook-signature"]).toBe(last && (await computed(secret, last)));
  expect(await desk.deliveries("?status=failed")).toEqual([
    expect.objectContaining({ attempts: pauses.length + 1, last_status: 500, next_attempt_at: null }),
  ]);
}, 30_000);

test("an endpoint that has failed for just under five days stays on, and is on again for good once it takes one", async () => {
  await desk.endpoint();
  const shown = async () => (await desk.engine.request<Page>("GET", "/endpoints")).body.items[0];
  desk.answers(503);
  await desk.happen();
  await desk.engine.query("update endpoints set failing_since = now() - interval '5 days' + interval '1 minute'");
  await desk.engine.runJob("send");
  expect(await shown()).toMatchObject({ active: true, inactive_reason: null, failing_since: expect.any(String) });
  desk.answers(200);
  await desk.engine.query("update deliveries set next_attempt_at = now()");
  await desk.engine.runJob("send");
  expect(await shown()).toMatchObject({ active: true, failing_since: null });
});

test("recovering sends what failed since then, and neither what failed before nor what was taken", async () => {
  const { id } = await desk.endpoint();
  await desk.happen();
  await desk.engine.runJob("send");
  desk.answers(500);
  for (let count = 0; count < 2; count++) await desk.happen();
  await desk.engine.request("PATCH", `/endpoints/${id}`, { active: false });
  await desk.engine.query(
    `update deliveries set created_at = '2026-03-01T12:00:00Z' where id = (select min(id::text)::uuid from deliveries where status = 'failed')`,
  );
  desk.answers(200);
  const recover = (since: string) =>
    desk.engine.request<{ queued: number }>("POST", `/endpoints/${id}/recover`, { since });
  expect((await recover("2026-03-01T12:00:00.001Z")).body.queued).toBe(1);
  expect((await recover("2026-03-01T09:00:00-03:00")).body.queued).toBe(1);
  expect((await recover("2026-02-30T09:00:00Z")).status).toBe(422);
  desk.received = [];
  await desk.engine.runJob("send");
  expect(desk.received).toHaveLength(2);
});

test("a replay sends what had failed before anything was queued, and not again what was sent and forgotten since", async () => {
  await desk.endpoint();
  await desk.happen();
  await desk.engine.runJob("send");
  await desk.engine.query("delete from deliveries");
  await desk.engine.query("alter table deliveries rename to elsewhere");
  const supplier_id = "018f0000-0000-7000-8000-0000000000bb";
  const payload = { supplier_id, name: "Cal", active: true, user_id: null };
  await desk.engine.feed("construction", "supplier_updated", payload, { may_fail: true });
  expect(await desk.engine.parked()).toHaveLength(1);
  await desk.engine.query("alter table elsewhere rename to deliveries");
  for (let times = 0; times < 2; times++) {
    await desk.engine.replay();
    await desk.engine.runJob("send");
  }
  expect(desk.received.map(({ body }) => JSON.parse(body).data.name)).toEqual(["Areial", "Cal"]);
});
