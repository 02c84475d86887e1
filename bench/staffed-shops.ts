import { construction } from "../src/contracts/construction.ts";
import { AccessTokens } from "../src/platform/auth/tokens.ts";
import type { Database } from "../src/platform/database/database.ts";
import { VERTICAL } from "../src/platform/database/roles.ts";
import { EventContracts } from "../src/platform/events/ledger.ts";
import { DEFAULT_PARTITIONS } from "../src/platform/events/partition.ts";
import { UnitOfWork, type WorkContext } from "../src/platform/tenancy/unit-of-work.ts";
import { createCustomer } from "../src/verticals/construction/customers/service.ts";
import { createProduct } from "../src/verticals/construction/products/service.ts";
import { withSession } from "../test/harness/session.ts";
import { makeShops, shopOf } from "./shops.ts";

/** A shop in which somebody is signed in and something can be sold. */
export interface StaffedShop {
  /** What the vertical does for the person who is signed in. */
  context: WorkContext;
  /** Headers of that person's requests. */
  headers: Record<string, string>;
  customer_id: string;
  product_ids: string[];
}

/** Units of work of the construction vertical, as its role does them. */
export function workOn(database: Database): UnitOfWork<typeof construction> {
  return new UnitOfWork({
    database,
    role: VERTICAL,
    contracts: new EventContracts("construction", construction),
    partitions: DEFAULT_PARTITIONS,
    committed: () => undefined,
  });
}

const USERS = `
  insert into users (tenant_id, id, name, email, password_hash, role)
  select tenant_id, tenant_id, 'Bia', 'bia@shop.example', '-', 'seller' from tenants`;
const SESSIONS = `
  insert into sessions (tenant_id, id, user_id, family_digest, turn_digest, expires_at)
  select tenant_id, tenant_id, tenant_id, '-', '-', now() + interval '1 day' from tenants`;

/** Makes `count` shops with one seller, one customer and 20 products each. `secret` is the vertical's. */
export async function staffShops(
  admin: string,
  database: Database,
  secret: string,
  count: number,
): Promise<StaffedShop[]> {
  const ids = await makeShops(admin, count);
  await withSession(admin, async (sql) => {
    await sql.unsafe(USERS);
    await sql.unsafe(SESSIONS);
  });
  const tokens = new AccessTokens({ secret, algorithm: "HS256", expire_minutes: 60 });
  const uow = workOn(database);
  return await Promise.all(
    ids.map(async (id, i) => {
      const context: WorkContext = { tenant: shopOf(id), actor: { id, role: "seller" }, trace: null };
      const claims = { sub: id, tenant_id: id, email: "bia@shop.example", role: "seller", session_id: id } as const;
      const token = await tokens.sign(claims);
      const customer = await uow.run(context, (work) => createCustomer(work, { kind: "individual", name: "Maria" }));
      const product_ids: string[] = [];
      for (let n = 0; n < 20; n++) {
        const product = { name: `Cimento CP II ${n} kg`, unit: "SC", base_price: "38.90" } as const;
        product_ids.push((await uow.run(context, (work) => createProduct(work, product))).id);
      }
      const headers = { authorization: `Bearer ${token}`, "x-tenant-slug": `shop-${i + 1}` };
      return { context, headers, customer_id: customer.id, product_ids };
    }),
  );
}
