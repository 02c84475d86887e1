import type { JobContext } from "@basecommerce/engine";
import { type Claimed, claimDue, noteDelivered, noteFailed, putBack, putOff } from "./outbox.ts";
import { signatureOf } from "./signature.ts";
import { post } from "./target.ts";

/** A run goes on as long as there is something to send, but ends in time for another host to take over. */
const RUN_MS = 40_000;
const LOOK_EVERY_MS = 250;

type Context = JobContext<unknown>;

/** Endpoints that are being spoken to from here, by id. They outlast a run: waiting for the slow would keep all others waiting. */
const busy = new Map<string, Promise<void>>();

/** Sends what is due. Each endpoint is spoken to by itself; new ones are taken up while slow ones are waited for. */
export async function send(ctx: Context): Promise<void> {
  const until = performance.now() + RUN_MS;
  while (!ctx.signal.aborted && performance.now() < until) {
    const claimed = await ctx.everywhere((db) => claimDue(db, [...busy.keys()]));
    for (const [endpoint_id, deliveries] of Map.groupBy(claimed, (delivery) => delivery.endpoint_id)) {
      const sent = Promise.all(deliveries.map((delivery) => attempt(ctx, delivery)));
      busy.set(
        endpoint_id,
        sent.then(() => {
          busy.delete(endpoint_id);
        }),
      );
    }
    if (busy.size === 0) return;
    await Promise.race([...busy.values(), Bun.sleep(LOOK_EVERY_MS)]);
  }
}

/** Settles when nobody is being spoken to: soon, once the signal of the runs is aborted. */
export async function quiet(): Promise<void> {
  await Promise.all(busy.values());
}

async function attempt(ctx: Context, delivery: Claimed): Promise<void> {
  const { tenant_id, id, url, secrets } = delivery;
  try {
    if (!(await ctx.settingOf(tenant_id)).enabled) {
      await ctx.transaction(tenant_id, (db) => putOff(db, delivery));
      return;
    }
    const body = JSON.stringify(delivery.body);
    const timestamp = Math.floor(Date.now() / 1000);
    const headers = {
      "content-type": "application/cloudevents+json; charset=utf-8",
      "user-agent": "BaseCommerce-Webhooks/1",
      "webhook-id": id,
      "webhook-timestamp": String(timestamp),
      "webhook-signature": signatureOf(id, timestamp, body, secrets),
    };
    const { status, error } = await post(url, headers, body, ctx.signal);
    await ctx.transaction(tenant_id, async (db) => {
      if (ctx.signal.aborted && status === null) await putBack(db, delivery);
      else if (status !== null && status >= 200 && status < 300) await noteDelivered(db, delivery, status);
      else await noteFailed(db, delivery, status, error ?? `the receiver answered ${status}`, status === 410);
    });
  } catch (error) {
    // Its claim runs out and it is tried again.
    ctx.log.warn({ err: error, delivery: id }, "webhook delivery interrupted");
  }
}
