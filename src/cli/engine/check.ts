import { basename, join, resolve } from "node:path";
import type { Command } from "commander";
import { streams } from "../../contracts/index.ts";
import { type Inspection, inspectEngine } from "../../engine-host/inspection.ts";
import { load, provideSdk } from "../../engine-host/loading.ts";
import { scratchDatabase } from "../../sdk/testing/scratch-database.ts";
import type { Surroundings } from "../surroundings.ts";

/** An engine that a host would refuse, or that would not do what it looks like. */
class EngineProblems extends Error {
  readonly code = "engine_problems";
}

/** `basecommerce engine check`: what a host would do with a folder, without a host and without a server. */
export function registerCheck(engine: Command, { out }: Surroundings): void {
  engine
    .command("check <folder>")
    .description("load an engine, run its migrations on a database in memory, and report; exit code 1 on problems")
    .option("--json", "print the report as JSON")
    .action(async (folder: string, { json }: { json?: boolean }) => {
      const inspection = await inspect(resolve(folder));
      out(json ? JSON.stringify(inspection, null, 2) : report(inspection));
      const { problems } = inspection;
      if (problems.length > 0) throw new EngineProblems(`${problems.length} problem(s)\n${problems.join("\n")}`);
    });
}

async function inspect(folder: string): Promise<Inspection> {
  await provideSdk();
  const definition = await load({ kind: "folder", name: basename(folder), entry: join(folder, "engine.ts") });
  const database = await scratchDatabase();
  try {
    return await inspectEngine(database, definition);
  } finally {
    await database.close();
  }
}

function report({ manifest, migrations, tables, problems }: Inspection): string {
  const { name, version, description, from, subscriptions, emits, jobs, has_routes, set_based, config } = manifest;
  const settings =
    "properties" in config && typeof config.properties === "object" ? Object.keys(config.properties ?? {}) : [];
  const start = from === "beginning" ? "from the beginning of history" : "from its installation on";
  const events = Object.entries(subscriptions).map(([stream, types]) => {
    const remark = stream in streams ? "" : " (a stream of another engine: no vertical writes it)";
    return `${stream}: ${types.join(", ")}${remark}`;
  });
  const shown = tables.map((table) => {
    const remarks = [
      table.protected ? "shops kept apart" : "NOT PROTECTED",
      ...(table.kept ? ["kept by a replay"] : []),
    ];
    return `${table.name} (${remarks.join(", ")})`;
  });
  const lines: [string, readonly string[]][] = [
    ["reads", [...events, start]],
    ["works", [set_based ? "on whole batches or by jobs, over all shops" : "event by event, each under its shop"]],
    ["emits", emits],
    ["jobs", jobs],
    ["routes", has_routes ? [`/api/v1/engines/${name}`] : []],
    ["config", settings],
    ["migrations", migrations],
    ["tables", shown],
  ];
  return [
    `${name} ${version}: ${description}`,
    ...lines.map(([title, values]) => `  ${title.padEnd(11)}${values.length === 0 ? "none" : values.join("; ")}`),
    ...(problems.length === 0 ? ["no problems"] : []),
  ].join("\n");
}
