import type { EngineTenant } from "@basecommerce/engine";
import type { Performance } from "./performance.ts";
import type { Route } from "./plan.ts";

type Locale = EngineTenant["locale"];

/** Decimal text as people of `locale` write it: `1234.50` → `1.234,50`. */
function number(value: string, locale: Locale): string {
  const [whole = "0", fraction = ""] = value.split(".");
  const point = locale === "pt-BR" ? "," : ".";
  return `${new Intl.NumberFormat(locale).format(BigInt(whole))}${fraction === "" ? "" : point + fraction}`;
}

export function explainRoute({ region, number: route, stops, cost }: Route, locale: Locale): string {
  const price = `R$ ${number(cost, locale)}`;
  return locale === "pt-BR"
    ? `Rota ${route} da região ${region}: ${stops.length} parada(s), em ordem de CEP, custo estimado de ${price}.`
    : `Route ${route} of region ${region}: ${stops.length} stop(s), by postal code, estimated cost ${price}.`;
}

export function explainPerformance(performance: Performance, locale: Locale): string {
  const { delivered, failed, mean_minutes, success_rate, occurrence_rate } = performance;
  const cost = `R$ ${number(performance.cost, locale)}`;
  if (success_rate === null || occurrence_rate === null) {
    return locale === "pt-BR" ? "Nenhuma entrega terminou no período." : "No delivery ended in the period.";
  }
  const gone = delivered + failed;
  const success = number(success_rate, locale);
  const trouble = number(occurrence_rate, locale);
  const minutes = mean_minutes === null ? null : number(mean_minutes, locale);
  if (locale === "pt-BR") {
    const pace = minutes === null ? "" : ` Da saída à entrega, em média ${minutes} minutos.`;
    return `${delivered} de ${gone} saídas entregues (${success} %), ${trouble} % com ocorrência, custo de ${cost}.${pace}`;
  }
  const pace = minutes === null ? "" : ` From leaving to delivery ${minutes} minutes on average.`;
  return `${delivered} of ${gone} that left were delivered (${success} %), ${trouble} % with an occurrence, cost ${cost}.${pace}`;
}
