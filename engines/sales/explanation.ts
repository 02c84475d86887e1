import type { EngineTenant } from "@basecommerce/engine";
import type { Evidence } from "./evidence.ts";
import type { ProductSet } from "./sets.ts";
import type { Substitute } from "./substitutes.ts";

type Locale = EngineTenant["locale"];

/** Decimal text as people of `locale` write it: `-1234.50` → `-1.234,50`. */
function number(value: string, locale: Locale): string {
  const [, sign = "", whole = "0", fraction = ""] = /^(-?)(\d+)\.?(\d*)$/.exec(value) ?? [];
  const point = locale === "pt-BR" ? "," : ".";
  return `${sign}${new Intl.NumberFormat(locale).format(BigInt(whole))}${fraction === "" ? "" : point + fraction}`;
}

export function explainEvidence(evidence: Evidence, locale: Locale): string {
  const { baskets, of, source } = evidence;
  const name = evidence.name ?? evidence.product_id;
  const other = evidence.because_of_name ?? evidence.because_of;
  const frequency = number(evidence.frequency, locale);
  if (locale === "pt-BR") {
    const whose = source === "shop" ? "" : " deste cliente";
    return `${name}: em ${baskets} de ${of} pedidos${whose} com ${other} (${frequency} %) também foi comprado.`;
  }
  const whose = source === "shop" ? "" : " of this customer";
  return `${name}: in ${baskets} of ${of} orders${whose} with ${other} (${frequency} %) it was bought too.`;
}

export function explainSet(set: ProductSet, days: number, locale: Locale): string {
  const { baskets, of } = set;
  const names = set.names.map((name, place) => name ?? set.product_ids[place]);
  const list = new Intl.ListFormat(locale).format(names.filter((name) => name !== undefined));
  const share = number(set.share, locale);
  if (locale === "pt-BR") {
    const whose = set.customer_id === null ? "" : " deste cliente";
    return `${list}: juntos em ${baskets} de ${of} pedidos${whose} (${share} %) nos últimos ${days} dias.`;
  }
  const whose = set.customer_id === null ? "" : " of this customer";
  return `${list}: together in ${baskets} of ${of} orders${whose} (${share} %) in the last ${days} days.`;
}

export function explainSubstitute(substitute: Substitute, product_name: string, locale: Locale): string {
  const { customers, switched, category } = substitute;
  const name = substitute.name ?? substitute.product_id;
  const price = `R$ ${number(substitute.price, locale)}`;
  const percent = substitute.difference_percent === null ? "" : ` (${number(substitute.difference_percent, locale)} %)`;
  return locale === "pt-BR"
    ? `${name}: da mesma categoria (${category}), por ${price}${percent}. ${customers} cliente(s) o compraram sem ${product_name} no mesmo pedido; ${switched} deles também já compraram ${product_name}.`
    : `${name}: of the same category (${category}), at ${price}${percent}. ${customers} customer(s) bought it without ${product_name} in the same order; ${switched} of them bought ${product_name} another time.`;
}
