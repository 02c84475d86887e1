export interface TestResult {
  /** Path relative to the repository. */
  file: string;
  name: string;
  outcome: "passed" | "failed" | "skipped";
}

/** Results of a report in JUnit's format as `bun test` writes it. Throws when there is none, or only a part. */
export function readReport(xml: string): TestResult[] {
  if (!xml.trimEnd().endsWith("</testsuites>")) throw new Error("the report of the tests is not complete");
  return xml
    .split("<testcase ")
    .slice(1)
    .map((text) => {
      const end = text.search(/\/>|>/);
      const attributes = text.slice(0, end);
      const group = attribute(attributes, "classname");
      const name = attribute(attributes, "name");
      // What a self-closed element is followed by belongs to others.
      const content = text.startsWith("/>", end) ? "" : text.slice(end, text.indexOf("</testcase>"));
      return {
        file: attribute(attributes, "file"),
        name: group ? `${group} > ${name}` : name,
        outcome: outcomeOf(content),
      };
    });
}

function outcomeOf(content: string): TestResult["outcome"] {
  if (/<(failure|error)[ >/]/.test(content)) return "failed";
  return content.includes("<skipped") ? "skipped" : "passed";
}

/** In values the signs that could end a tag are written as entities. */
function attribute(attributes: string, name: string): string {
  const [, value = ""] = new RegExp(`(?:^|\\s)${name}="([^"]*)"`).exec(attributes) ?? [];
  return value.replace(/&(?:#(\d+)|#x([0-9a-f]+)|(\w+));/gi, (entity, decimal, hex, word) => {
    if (decimal) return String.fromCodePoint(Number(decimal));
    if (hex) return String.fromCodePoint(Number.parseInt(hex, 16));
    return { lt: "<", gt: ">", amp: "&", quot: '"', apos: "'" }[String(word)] ?? entity;
  });
}
