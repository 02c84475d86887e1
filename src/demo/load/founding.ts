import { partitionOf } from "../../platform/events/partition.ts";
import { instantText, moneyText } from "../amount-text.ts";
import { CATALOGUE } from "../catalogue.ts";
import { Chance } from "../chance.ts";
import { cnpjOf, drawAddress, drawPerson } from "../people.ts";
import { SUPPLIERS } from "../suppliers.ts";
import { type Batch, jsonCell } from "./batch.ts";
import { averageDemand } from "./demand.ts";
import { uuidAt } from "./ids.ts";
import { type LoadedCustomer, type LoadedShop, type LoadedSupplier, ownPrice } from "./loaded-shop.ts";
import type { Period } from "./period.ts";
import { restock } from "./stock.ts";
import { askPrice } from "./supply.ts";

export interface FoundingOptions {
  period: Period;
  /** Of this shop alone. */
  seed: number;
  slug: string;
  /** Place among the shops of the load. */
  place: number;
  orders: number;
  partitions: number;
  /** Of the password that all the load's users have. */
  password_hash: string;
}

/** A shop with people, catalogue, customers, suppliers and its first stock. */
export function foundShop(batch: Batch, options: FoundingOptions): LoadedShop {
  const { period, seed, slug, place, orders, partitions } = options;
  const chance = new Chance(seed);
  const at = period.at(0, 6);
  const now = instantText(at);
  const tenant_id = uuidAt(chance, at);
  const name = `Materiais ${drawPerson(chance, place).name.split(" ").at(-1)} ${place + 1}`;
  const tax_id = cnpjOf(chance, place);
  batch.add("tenants", { tenant_id, slug, name, tax_id, email: `contato@${slug}.example`, ...madeAt(now) });
  const shop: LoadedShop = {
    tenant_id,
    partition: partitionOf(tenant_id, partitions),
    slug,
    chance,
    orders,
    admin: addUser(batch, chance, options, tenant_id, "admin"),
    seller: addUser(batch, chance, options, tenant_id, "seller"),
    customers: [],
    suppliers: [],
    products: [],
    prices: [],
    levels: CATALOGUE.map(() => 0),
    demand: averageDemand(orders / period.days),
    quotes_made: 0,
    orders_made: 0,
  };
  addProducts(batch, shop, at);
  const customers = Math.max(20, Math.min(2000, Math.round(orders / 12)));
  for (let serial = 0; serial < customers; serial++) shop.customers.push(addCustomer(batch, shop, serial, now));
  for (const [serial, profile] of SUPPLIERS.entries())
    shop.suppliers.push(addSupplier(batch, shop, serial, profile, at));
  restock(batch, shop, at + 60_000, "Estoque inicial");
  return shop;
}

function madeAt(now: string) {
  return { created_at: now, updated_at: now };
}

function addUser(
  batch: Batch,
  chance: Chance,
  { slug, password_hash, period }: FoundingOptions,
  tenant_id: string,
  role: "admin" | "seller",
): string {
  const at = period.at(0, 6);
  const id = uuidAt(chance, at);
  const { name } = drawPerson(chance, 0);
  const now = instantText(at);
  const email = `${role}@${slug}.example`;
  batch.add("users", { tenant_id, id, name, email, password_hash, role, ...madeAt(now) });
  return id;
}

function addProducts(batch: Batch, shop: LoadedShop, at: number): void {
  const { chance, tenant_id } = shop;
  const now = instantText(at);
  for (const [material, { code, name, category, unit }] of CATALOGUE.entries()) {
    const product_id = uuidAt(chance, at);
    const cents = ownPrice(chance, material);
    const base_price = moneyText(cents);
    shop.products.push(product_id);
    shop.prices.push(cents);
    const row = { tenant_id, id: product_id, code, name, category, unit, base_price, active: true };
    batch.add("products", { ...row, ...madeAt(now) });
    const price = { product_id, old_price: null, new_price: base_price, user_id: shop.admin, created_at: now };
    batch.add("product_prices", { tenant_id, id: uuidAt(chance, at), ...price });
    batch.event(
      shop,
      uuidAt(chance, at),
      "product_created",
      { product_id, code, name, category, unit, base_price },
      at,
    );
  }
}

function addCustomer(batch: Batch, { chance, tenant_id }: LoadedShop, serial: number, now: string): LoadedCustomer {
  const at = Date.parse(now);
  const id = uuidAt(chance, at);
  const { address, ...person } = drawPerson(chance, serial);
  const { kind, name } = person;
  batch.add("customers", { tenant_id, id, ...person, address: jsonCell(address), ...madeAt(now) });
  if (kind === "individual") return { id, name, address, site_id: null, scale: 1 };
  const site_id = uuidAt(chance, at);
  const site = drawAddress(chance);
  const place = { name: `Obra ${site.district}`, address: jsonCell(site) };
  batch.add("job_sites", { tenant_id, id: site_id, customer_id: id, ...place, ...madeAt(now) });
  return { id, name, address: site, site_id, scale: chance.int(1, 3) };
}

function addSupplier(
  batch: Batch,
  shop: LoadedShop,
  serial: number,
  profile: LoadedSupplier["profile"],
  at: number,
): LoadedSupplier {
  const { chance, tenant_id, admin } = shop;
  const now = instantText(at);
  const id = uuidAt(chance, at);
  const { name, categories, share } = profile;
  const document = cnpjOf(chance, 900 + serial);
  batch.add("suppliers", { tenant_id, id, name, document, email: null, active: true, ...madeAt(now) });
  batch.event(
    shop,
    uuidAt(chance, at),
    "supplier_updated",
    { supplier_id: id, name, active: true, user_id: admin },
    at,
  );
  const supplier: LoadedSupplier = { id, profile, prices: new Map() };
  for (const [material, { category, cents }] of CATALOGUE.entries()) {
    if (!categories.includes(category)) continue;
    // The general wholesaler has something of everything, not everything.
    if (categories.length > 5 && !chance.happens(0.5)) continue;
    askPrice(batch, shop, supplier, material, Math.max(1, Math.round((cents * share * chance.int(94, 106)) / 100)), at);
  }
  return supplier;
}
