import { beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { programPath } from "../harness/packages.ts";
import { namesIn } from "../observability/metric-names.ts";

const ROOT = join(import.meta.dir, "../..");
const FOLDER = join(ROOT, "infra/prometheus");

interface Rule {
  alert: string;
  labels: Record<string, string>;
  annotations: { summary: string; runbook_url: string };
}

interface RuleTest {
  alert_rule_test: { alertname: string; exp_alerts: unknown[] }[];
}

let promtool: string;
let rules: Rule[];

beforeAll(async () => {
  promtool = await programPath("promtool");
  const file = Bun.YAML.parse(await Bun.file(join(FOLDER, "alerts.yml")).text()) as { groups: { rules: Rule[] }[] };
  rules = file.groups.flatMap((group) => group.rules);
}, 90_000);

async function run(...args: string[]): Promise<{ code: number; output: string }> {
  const child = Bun.spawn([promtool, ...args], { cwd: FOLDER, stdout: "pipe", stderr: "pipe" });
  const [out, complaint] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
  return { code: await child.exited, output: out + complaint };
}

describe("infra/prometheus", () => {
  test("is a configuration that Prometheus takes", async () => {
    const { code, output } = await run("check", "config", "prometheus.yml");
    expect({ code, output }).toEqual({ code: 0, output: expect.stringContaining("SUCCESS") });
  }, 60_000);

  test("has alerts that speak when they must and are silent when they must", async () => {
    const { code, output } = await run("test", "rules", "alerts.test.yml");
    expect({ code, output }).toEqual({ code: 0, output: expect.stringContaining("SUCCESS") });
  }, 60_000);

  test("has both tests for every alert", async () => {
    const { tests } = Bun.YAML.parse(await Bun.file(join(FOLDER, "alerts.test.yml")).text()) as { tests: RuleTest[] };
    const cases = tests.flatMap(({ alert_rule_test }) => alert_rule_test);
    const tested = (fires: boolean) =>
      cases.filter(({ exp_alerts }) => exp_alerts.length > 0 === fires).map(({ alertname }) => alertname);
    const names = rules.map(({ alert }) => alert);
    expect(new Set(tested(true))).toEqual(new Set(names));
    expect(new Set(tested(false))).toEqual(new Set(names));
  });

  test("has a section for each alert, which says what it means, where to look and what to do", async () => {
    const page = await Bun.file(join(ROOT, "docs/alerts.md")).text();
    const sections = new Map(
      page
        .split(/^## /m)
        .slice(1)
        .map((text) => [text.slice(0, text.indexOf("\n")), text]),
    );
    expect([...sections.keys()]).toEqual(rules.map(({ alert }) => alert));
    for (const { alert, labels, annotations } of rules) {
      expect(annotations.runbook_url).toBe(`docs/alerts.md#${alert.toLowerCase()}`);
      expect(sections.get(alert)).toContain(`**Means** (${labels.severity}): `);
      expect(sections.get(alert)).toContain("**Look**: ".trim());
      expect(sections.get(alert)).toContain("**Do**: ");
    }
    const links = [...page.matchAll(/\]\(#(\w+)\)/g)].map(([, name]) => name);
    const anchors = rules.map(({ alert }) => alert.toLowerCase());
    expect(links.filter((name) => name === undefined || !anchors.includes(name))).toEqual([]);
  });
});

test("the names of metrics are found in an expression, and nothing else", () => {
  const expression =
    'histogram_quantile(0.9, sum by (job, le) (rate(a_bucket{b="c or d"}[5m]))) > 2e3 or (up == 0) unless vector(0)';
  expect(namesIn(expression)).toEqual(["a_bucket", "up"]);
});
