import type { EngineTenant } from "@basecommerce/engine";
import type { AbcRow, Class } from "./abc.ts";
import type { Figures } from "./figures.ts";

type Locale = EngineTenant["locale"];

/** A decimal as people of `locale` write it, digit for digit: `1234.500` → `1.234,5`. */
function amount(value: string, locale: Locale, least_places = 0): string {
  const [, sign = "", whole = "0", fraction = ""] = /^(-?)(\d+)\.?(\d*)$/.exec(value) ?? [];
  const kept = fraction.replace(/0+$/, "").padEnd(least_places, "0");
  const point = locale === "pt-BR" ? "," : ".";
  return `${sign}${new Intl.NumberFormat(locale).format(BigInt(whole))}${kept === "" ? "" : point + kept}`;
}

/** The figures of a product in words, e.g. `12,5 KG`. */
function words(figures: Figures, locale: Locale) {
  const write = (value: string) => `${amount(value, locale)} ${figures.unit ?? "UN"}`;
  return {
    name: figures.name ?? figures.product_id,
    level: write(figures.level),
    minimum: write(figures.minimum),
    maximum: write(figures.maximum),
    demand: write(figures.average_daily_demand),
    quantity: write(figures.quantity_to_buy),
    days: figures.days_to_rupture ?? 0,
  };
}

export function explainRupture(figures: Figures, locale: Locale): string {
  const { name, level, minimum, demand, days } = words(figures, locale);
  return locale === "pt-BR"
    ? `${name}: restam ${level}, abaixo do mínimo de ${minimum}. Vendem-se em média ${demand} por dia; acaba em ${days} dia(s).`
    : `${name}: ${level} left, below the minimum of ${minimum}. On average ${demand} are sold a day; gone in ${days} day(s).`;
}

export function explainExcess(figures: Figures, locale: Locale): string {
  const { name, level, maximum, demand, days } = words(figures, locale);
  const still = figures.days_to_rupture === null;
  if (locale === "pt-BR") {
    const pace = still ? "Nada foi vendido no período" : `Vendem-se em média ${demand} por dia; dura ${days} dia(s)`;
    return `${name}: há ${level}, acima do máximo de ${maximum}. ${pace}.`;
  }
  const pace = still
    ? "Nothing was sold in the period"
    : `On average ${demand} are sold a day; enough for ${days} day(s)`;
  return `${name}: ${level} in stock, above the maximum of ${maximum}. ${pace}.`;
}

export function explainResolved(kind: "rupture" | "excess", figures: Figures, locale: Locale): string {
  const { name, level, minimum, maximum } = words(figures, locale);
  const withinMaximum = Number(figures.level) <= Number(figures.maximum);
  if (figures.days_to_rupture === null && !(kind === "excess" && withinMaximum)) {
    return locale === "pt-BR"
      ? `${name}: há ${level}; nada foi vendido no período.`
      : `${name}: ${level} in stock; nothing was sold in the period.`;
  }
  if (locale === "pt-BR") {
    return kind === "rupture"
      ? `${name}: há ${level}; não está mais abaixo do mínimo (hoje ${minimum}).`
      : `${name}: há ${level}; não está mais acima do máximo (hoje ${maximum}).`;
  }
  return kind === "rupture"
    ? `${name}: ${level} in stock; no longer below the minimum (${minimum} today).`
    : `${name}: ${level} in stock; no longer above the maximum (${maximum} today).`;
}

export function explainPurchase(figures: Figures, abc: Class, locale: Locale): string {
  const { name, level, minimum, maximum, quantity, demand } = words(figures, locale);
  return locale === "pt-BR"
    ? `${name}: compre ${quantity} para chegar ao máximo de ${maximum}. Há ${level}, abaixo do mínimo de ${minimum}; vendem-se em média ${demand} por dia. Classe ${abc} em vendas.`
    : `${name}: buy ${quantity} to reach the maximum of ${maximum}. There are ${level}, below the minimum of ${minimum}; on average ${demand} are sold a day. Class ${abc} by sales.`;
}

export function explainClass(row: AbcRow, window_days: number, locale: Locale): string {
  const name = row.name ?? row.product_id;
  const value = `R$ ${amount(row.value, locale, 2)}`;
  const share = amount(row.share, locale);
  const cumulated = amount(row.cumulated_share, locale);
  if (row.value === "0.00") {
    return locale === "pt-BR"
      ? `${name}: nada vendido nos últimos ${window_days} dias, classe C.`
      : `${name}: nothing sold in the last ${window_days} days, class C.`;
  }
  return locale === "pt-BR"
    ? `${name}: ${value} vendidos em ${window_days} dias, ${share} % do total; com os que vendem mais, ${cumulated} %. Classe ${row.class}.`
    : `${name}: ${value} sold in ${window_days} days, ${share} % of the total; with those that sell more, ${cumulated} %. Class ${row.class}.`;
}
