import { CATALOGUE } from "../catalogue.ts";
import type { Chance } from "../chance.ts";
import type { Person } from "../people.ts";
import type { SupplierProfile } from "../suppliers.ts";
import type { Owner } from "./batch.ts";

export interface LoadedCustomer {
  id: string;
  name: string;
  address: Person["address"];
  site_id: string | null;
  /** 1 for a household, more for a company. */
  scale: number;
}

export interface LoadedSupplier {
  id: string;
  profile: SupplierProfile;
  /** Cents by material; what is not there they do not sell. */
  prices: Map<number, number>;
}

/** A shop while its history is made: what the next sale depends on. */
export interface LoadedShop extends Owner {
  slug: string;
  chance: Chance;
  /** Orders of the whole period. */
  orders: number;
  admin: string;
  seller: string;
  customers: LoadedCustomer[];
  suppliers: LoadedSupplier[];
  /** By material: id, cents now, thousandths in stock, thousandths sold on an average open day. */
  products: string[];
  prices: number[];
  levels: number[];
  demand: number[];
  quotes_made: number;
  orders_made: number;
}

/** A price of this shop for a material: shops differ by a few per cent, prices end in tens of cents. */
export function ownPrice(chance: Chance, material: number): number {
  const cents = CATALOGUE[material]?.cents ?? 0;
  const own = (cents * chance.int(94, 107)) / 100;
  return cents < 1000 ? Math.round(own) : Math.round(own / 10) * 10;
}
