import { createCustomer } from "../../verticals/construction/customers/service.ts";
import { createJobSite } from "../../verticals/construction/job-sites/service.ts";
import { createProduct, updateProduct } from "../../verticals/construction/products/service.ts";
import { moneyText } from "../amount-text.ts";
import { CATALOGUE, indexOf } from "../catalogue.ts";
import type { Chance } from "../chance.ts";
import { drawAddress, drawPerson } from "../people.ts";
import type { Calendar } from "./calendar.ts";
import type { Made } from "./sales-steps.ts";
import type { Step } from "./step.ts";

export const CUSTOMERS = 40;

/** What became dearer in the shop, on which day and to how many cents. */
const PRICE_CHANGES = [
  ["CIM-CP2", 33, 41_50],
  ["VER-10", 40, 57_90],
  ["ARE-MED", 47, 145_00],
  ["FIO-25", 58, 2_80],
  ["POR-60", 66, 64_90],
  ["CIM-CP2", 75, 42_90],
] as const;

/** The shop opens: its catalogue, its customers and their job sites, and later its changed prices. */
export function openingSteps(made: Made, chance: Chance, calendar: Calendar): Step[] {
  const steps: Step[] = CATALOGUE.map(({ code, name, category, unit, cents }) => ({
    at: calendar.at(0, 6),
    by: "admin",
    act: async (work) => {
      const product = await createProduct(work, { code, name, category, unit, base_price: moneyText(cents) });
      made.products.push(product.id);
    },
  }));
  for (let place = 0; place < CUSTOMERS; place++) {
    const person = drawPerson(chance, place);
    const site = person.kind === "company" ? drawAddress(chance) : null;
    steps.push({
      at: calendar.at(0, 6.25),
      by: "seller",
      act: async (work) => {
        const { id } = await createCustomer(work, person);
        made.customers.push(id);
        if (!site) return;
        const name = `Obra ${site.district}`;
        made.sites.set(place, (await createJobSite(work, { customer_id: id, name, address: site })).id);
      },
    });
  }
  for (const [code, day, cents] of PRICE_CHANGES) {
    steps.push({
      at: calendar.at(day, 18),
      by: "admin",
      act: async (work) => {
        await updateProduct(work, made.products[indexOf(code)] ?? "", { base_price: moneyText(cents) });
      },
    });
  }
  return steps;
}
