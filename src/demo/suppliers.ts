import { CATALOGUE } from "./catalogue.ts";

/** Who sells to the shop, and what: categories of the catalogue. */
export interface SupplierProfile {
  name: string;
  categories: readonly string[];
  /** Price of a purchase as a share of the shop's price. */
  share: number;
  payment_days: number;
}

export const SUPPLIERS: readonly SupplierProfile[] = [
  {
    name: "Cimentos do Vale Distribuidora",
    categories: ["Cimento e cal", "Argamassas e rejuntes", "Impermeabilização"],
    share: 0.74,
    payment_days: 28,
  },
  { name: "Mineração Pedra Branca", categories: ["Areia e pedra", "Tijolos e blocos"], share: 0.66, payment_days: 14 },
  {
    name: "Aço Paulista Comercial",
    categories: ["Ferro e aço", "Telhados e madeiras"],
    share: 0.76,
    payment_days: 30,
  },
  { name: "Hidroelétrica Atacado", categories: ["Hidráulica", "Elétrica"], share: 0.68, payment_days: 35 },
  { name: "Cores do Brasil Tintas", categories: ["Pintura", "Impermeabilização"], share: 0.71, payment_days: 28 },
  {
    name: "Revest Center Atacadista",
    categories: ["Pisos e revestimentos", "Argamassas e rejuntes", "Cimento e cal"],
    share: 0.72,
    payment_days: 45,
  },
  {
    name: "Casa & Obra Distribuição Geral",
    categories: [...new Set(CATALOGUE.map(({ category }) => category))],
    share: 0.79,
    payment_days: 21,
  },
];
