import { registerSupplierPrice } from "../../verticals/construction/suppliers/prices.ts";
import { createSupplier } from "../../verticals/construction/suppliers/service.ts";
import { moneyText } from "../amount-text.ts";
import { CATALOGUE } from "../catalogue.ts";
import type { Chance } from "../chance.ts";
import { cnpjOf } from "../people.ts";
import { SUPPLIERS } from "../suppliers.ts";
import type { Calendar } from "./calendar.ts";
import type { Made } from "./sales-steps.ts";
import type { Step } from "./step.ts";

/** Days on which suppliers send new price lists. */
const LISTS = [1, 31, 62, 84];
/** Share of a list's prices that changed since the last one. */
const CHANGED = 0.25;

/** Suppliers and what they asked when. */
export function supplySteps(made: Made, chance: Chance, calendar: Calendar): Step[] {
  const steps: Step[] = [];
  for (const [place, { name, categories, share, payment_days }] of SUPPLIERS.entries()) {
    let supplier_id = "";
    const minute = place / 60;
    steps.push({
      at: calendar.at(0, 6.5 + minute),
      by: "admin",
      act: async (work) => {
        const document = cnpjOf(chance, 900 + place);
        const email = `vendas@fornecedor${place + 1}.example.com`;
        supplier_id = (await createSupplier(work, { name, document, email, phone: "+55 19 3200-4000" })).id;
      },
    });
    for (const [material, { category, cents }] of CATALOGUE.entries()) {
      if (!categories.includes(category)) continue;
      // The general wholesaler has something of everything, not everything.
      if (categories.length > 5 && !chance.happens(0.5)) continue;
      let price = cents * share * (chance.int(94, 106) / 100);
      for (const day of LISTS) {
        if (day !== LISTS[0] && !chance.happens(CHANGED)) continue;
        const asked = moneyText(Math.max(1, Math.round(price)));
        steps.push({
          at: calendar.at(day, 8 + minute),
          by: "admin",
          act: async (work) => {
            const product_id = made.products[material] ?? "";
            await registerSupplierPrice(work, supplier_id, { product_id, price: asked, payment_days });
          },
        });
        // Mostly small rises, now and then a jump.
        price *= chance.happens(0.2) ? chance.int(110, 118) / 100 : chance.int(98, 105) / 100;
      }
    }
  }
  return steps;
}
