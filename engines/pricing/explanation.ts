import type { EngineTenant } from "@basecommerce/engine";
import type { PriceAlert } from "./alerts.ts";
import type { Offer, Product } from "./offers.ts";
import type { Trend } from "./trend.ts";

type Locale = EngineTenant["locale"];

/** Decimal text as people of `locale` write it: `-1234.50` → `-1.234,50`. */
function number(value: string, locale: Locale): string {
  const [, sign = "", whole = "0", fraction = ""] = /^(-?)(\d+)\.?(\d*)$/.exec(value) ?? [];
  const point = locale === "pt-BR" ? "," : ".";
  return `${sign}${new Intl.NumberFormat(locale).format(BigInt(whole))}${fraction === "" ? "" : point + fraction}`;
}

const money = (value: string, locale: Locale) => `R$ ${number(value, locale)}`;
const nameOf = (product: Product) => product.name ?? product.product_id;

export function explainOffer(offer: Omit<Offer, "suggested" | "score" | "mean_of_current">, locale: Locale): string {
  const { supplier_name, stability } = offer;
  const price = money(offer.price, locale);
  const mean = money(offer.mean, locale);
  const gap = offer.difference_percent === null ? "" : ` (${number(offer.difference_percent, locale)} %)`;
  const difference = money(offer.difference, locale) + gap;
  if (locale === "pt-BR") {
    const place = offer.difference === "0.00" ? "o menor preço" : `${difference} acima do menor`;
    const pace = { stable: "; preço estável", unstable: "; preço instável" };
    return `${supplier_name} cobra ${price}, ${place}; em média ${mean}${stability ? pace[stability] : ""}.`;
  }
  const place = offer.difference === "0.00" ? "the lowest price" : `${difference} above the lowest`;
  const pace = { stable: "; a stable price", unstable: "; an unstable price" };
  return `${supplier_name} asks ${price}, ${place}; on average ${mean}${stability ? pace[stability] : ""}.`;
}

export function explainSuggestion(product: Product, offer: Offer, weight: number, locale: Locale): string {
  const name = nameOf(product);
  const price = money(offer.price, locale);
  const mean = money(offer.mean, locale);
  const score = money(offer.score, locale);
  const percent = number(String(weight), locale);
  return locale === "pt-BR"
    ? `${name}: compre de ${offer.supplier_name} por ${price}. Com a média de ${mean} do período, o preço atual pesando ${percent} %, dá ${score}, o menor entre os fornecedores ativos.`
    : `${name}: buy from ${offer.supplier_name} at ${price}. With the period's mean of ${mean}, the current price weighing ${percent} %, that makes ${score}, the lowest of the active suppliers.`;
}

export function explainNothing(product: Product, locale: Locale): string {
  const name = nameOf(product);
  if (locale === "pt-BR") {
    return product.active
      ? `${name}: nenhum fornecedor ativo informou preço.`
      : `${name}: o produto está inativo, nada é sugerido.`;
  }
  return product.active
    ? `${name}: no active supplier gave a price.`
    : `${name}: the product is inactive, nothing is suggested.`;
}

export function explainBaseCost(product: Product, offer: Offer, suppliers: number, locale: Locale): string {
  const name = nameOf(product);
  const price = money(offer.price, locale);
  const mean = money(offer.mean_of_current, locale);
  return locale === "pt-BR"
    ? `${name}: o custo base é ${price}, de ${offer.supplier_name}; a média dos preços atuais de ${suppliers} fornecedor(es) é ${mean}.`
    : `${name}: the base cost is ${price}, from ${offer.supplier_name}; the mean of the current prices of ${suppliers} supplier(s) is ${mean}.`;
}

export function explainAlert(alert: Omit<PriceAlert, "seq">, locale: Locale): string {
  const product = alert.product_name ?? alert.product_id;
  const old_price = money(alert.old_price, locale);
  const new_price = money(alert.new_price, locale);
  const percent = alert.variation_percent === null ? "" : ` (${number(alert.variation_percent, locale)} %)`;
  if (locale === "pt-BR") {
    const verb = alert.kind === "increase" ? "subiu" : "baixou";
    return `${product}: ${alert.supplier_name} ${verb} o preço de ${old_price} para ${new_price}${percent}.`;
  }
  const verb = alert.kind === "increase" ? "raised" : "lowered";
  return `${product}: ${alert.supplier_name} ${verb} the price from ${old_price} to ${new_price}${percent}.`;
}

const TREND_WORDS = {
  "pt-BR": { rising: "está subindo", falling: "está caindo", steady: "está estável" },
  en: { rising: "is rising", falling: "is falling", steady: "is steady" },
} as const;

export function explainTrend(
  product: Product,
  supplier_name: string,
  trend: Trend,
  days: number,
  locale: Locale,
): string {
  const name = nameOf(product);
  if (trend.trend === null) {
    return locale === "pt-BR"
      ? `${name}: ${supplier_name} não informou preços em dois momentos dos últimos ${days} dias; não há tendência.`
      : `${name}: ${supplier_name} did not give prices at two moments of the last ${days} days; there is no trend.`;
  }
  const way = TREND_WORDS[locale][trend.trend];
  const percent = trend.change_percent === null ? "" : ` (${number(trend.change_percent, locale)} %)`;
  const from = money(trend.first_price ?? "0.00", locale);
  const to = money(trend.last_price ?? "0.00", locale);
  return locale === "pt-BR"
    ? `${name}: o preço de ${supplier_name} ${way}${percent}, de ${from} para ${to} em ${trend.prices} preços dos últimos ${days} dias.`
    : `${name}: the price of ${supplier_name} ${way}${percent}, from ${from} to ${to} over ${trend.prices} prices of the last ${days} days.`;
}
