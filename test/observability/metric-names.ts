import { join } from "node:path";

interface Rules {
  groups: { rules: { alert: string; expr: string }[] }[];
}

interface Dashboard {
  annotations: { list: { expr: string }[] };
  panels: { targets?: { expr: string }[] }[];
}

/** Names of the metrics that the alert rules and the dashboard use. */
export async function metricsOf(root: string): Promise<string[]> {
  const rules = Bun.YAML.parse(await Bun.file(join(root, "infra/prometheus/alerts.yml")).text()) as Rules;
  const dashboard: Dashboard = await Bun.file(join(root, "infra/grafana/dashboards/basecommerce.json")).json();
  const expressions = [
    ...rules.groups.flatMap((group) => group.rules.map(({ expr }) => expr)),
    ...dashboard.panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr)),
    ...dashboard.annotations.list.map(({ expr }) => expr),
  ];
  return [...new Set(expressions.flatMap(namesIn))].sort();
}

/** What is neither a function, an operator, a label, a duration nor a number. */
export function namesIn(expression: string): string[] {
  const bare = expression
    .replaceAll(/\{[^}]*\}|\[[^\]]*\]/g, " ")
    .replaceAll(/\b(?:by|without|on|ignoring)\s*\([^)]*\)/g, " ");
  const words = [...bare.matchAll(/(?<![\w.])([a-zA-Z_:][\w:]*)(\s*\()?/g)];
  return words.flatMap(([, name, call]) =>
    name === undefined || call !== undefined || ["or", "and", "unless", "bool"].includes(name) ? [] : [name],
  );
}
