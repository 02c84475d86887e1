import type { Figures } from "./figures.ts";

/** A decimal string the way people of `locale` write it, e.g. 12.500 → "12,5". */
function amount(value: string, locale: string): string {
  return new Intl.NumberFormat(locale, { maximumFractionDigits: 3 }).format(Number(value));
}

/** Why there is an alert, in a sentence a shopkeeper understands, with the figures in it. */
export function explain(kind: "rupture" | "excess", figures: Figures, locale: "pt-BR" | "en"): string {
  const write = (value: string) => `${amount(value, locale)} ${figures.unit ?? "UN"}`;
  const name = figures.name ?? figures.product_id;
  const level = write(figures.level);
  const demand = write(figures.average_daily_demand);
  if (locale === "pt-BR") {
    return kind === "rupture"
      ? `${name}: restam ${level}, abaixo do mínimo de ${write(figures.minimum)}. Vendem-se em média ${demand} por dia; acaba em ${figures.days_to_rupture} dia(s).`
      : `${name}: há ${level}, acima do máximo de ${write(figures.maximum)}. Vendem-se em média ${demand} por dia; dura ${figures.days_to_rupture} dia(s).`;
  }
  return kind === "rupture"
    ? `${name}: ${level} left, below the minimum of ${write(figures.minimum)}. On average ${demand} are sold a day; gone in ${figures.days_to_rupture} day(s).`
    : `${name}: ${level} in stock, above the maximum of ${write(figures.maximum)}. On average ${demand} are sold a day; enough for ${figures.days_to_rupture} day(s).`;
}
