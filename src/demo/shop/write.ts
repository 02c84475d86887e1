import type { Construction } from "../../contracts/construction.ts";
import type { Database } from "../../platform/database/database.ts";
import { OWNER, VERTICAL } from "../../platform/database/roles.ts";
import { appendEvents, type EventContracts, type NewEvent } from "../../platform/events/ledger.ts";
import { createTenant, createUser } from "../../platform/identity/index.ts";
import { workOn } from "../../platform/tenancy/unit-of-work.ts";
import { instantText } from "../amount-text.ts";
import { historyUntil } from "./history.ts";

/** Steps between two turns of the event loop. */
const BREATH = 50;

export const DEMO_SLUG = "demo";

/** One of the shop's people, with the password's hash. */
export interface DemoUser {
  name: string;
  email: string;
  role: "admin" | "seller";
  password_hash: string;
}

export interface DemoShopOptions {
  /** Must be able to work as the owner. */
  database: Database;
  contracts: EventContracts;
  partitions: number;
  users: { admin: DemoUser; seller: DemoUser };
  /** Milliseconds of UTC up to which the history goes. */
  now: number;
  /** Hears how many of all steps are done. */
  progress: (done: number, all: number) => void;
}

/**
 * Makes the demo shop with its people and its history, through the same services as requests do. One transaction: a
 * start that was cut short leaves nothing behind, and the next one begins anew.
 */
export async function writeDemoShop(options: DemoShopOptions): Promise<void> {
  const { database, users, now, progress } = options;
  await database.transaction({ role: OWNER }, async (tx) => {
    const tenant = await createTenant(tx, { slug: DEMO_SLUG, name: "Casa Demo Materiais de Construção" });
    await tx.bind({ role: VERTICAL, tenant_id: tenant.tenant_id });
    const actors = {
      admin: await createUser(tx, tenant.tenant_id, users.admin),
      seller: await createUser(tx, tenant.tenant_id, users.seller),
    };
    const events: NewEvent[] = [];
    const steps = historyUntil(now);
    for (const [i, { at, by, act }] of steps.entries()) {
      const context = { tenant, actor: actors[by], trace: null, now: instantText(at) };
      await act(workOn<Construction>(tx, context, options, events));
      progress(i + 1, steps.length);
      // The embedded database answers without a turn of the event loop; timers and signals need one now and then.
      if (i % BREATH === 0) await Bun.sleep(0);
    }
    await appendEvents(tx, events);
  });
}
