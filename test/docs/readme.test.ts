import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { SETTINGS } from "../../src/config/settings.ts";

const ROOT = join(import.meta.dir, "../..");
const README = await Bun.file(join(ROOT, "README.md")).text();

test("the README's table names every setting with its default", () => {
  for (const setting of Object.values(SETTINGS)) {
    const row = README.split("\n").find((line) => line.startsWith("|") && line.includes(`\`${setting.env}\``)) ?? "";
    expect(row, `a row for ${setting.env}`).not.toBe("");
    if ("default" in setting && setting.default) expect(row).toContain(`\`${setting.default}\``);
  }
});

test("every page the README links to is there", () => {
  const pages = [...README.matchAll(/`(docs\/[a-z-]+\.md)`/g)].map(([, page]) => page ?? "");
  expect(pages.length).toBeGreaterThan(2);
  expect(pages.filter((page) => !existsSync(join(ROOT, page)))).toEqual([]);
});
