import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { families } from "./families.ts";
import type { Effort } from "./family.ts";
import { table } from "./table.ts";

const OUT = join(import.meta.dir, "out");
const names = Object.keys(families).join(" ");
const USAGE = `usage: bun run bench [family …] [--repetitions N] [--scale X] [--folder DIR]

families: ${names}; all of them unless named
--repetitions  of each measurement, 3 unless given; the median counts
--scale        rows and events as a part of the usual number: 0.1 for a first look
--folder       where the servers keep their files; in memory where there is room unless given`;

/** A flag that stands for a number greater than 0. */
function positive(name: string, text: string): number {
  const value = Number(text);
  if (Number.isFinite(value) && value > 0) return value;
  throw new Error(`--${name} must be a number greater than 0`);
}

/** Runs one family; false when it could not be measured. */
async function run(name: string, effort: Effort): Promise<boolean> {
  const start = performance.now();
  console.log(`\n${name}`);
  const { cleanUp } = await import("../test/harness/cleanup.ts");
  try {
    const family = await families[name]?.();
    if (!family) throw new Error(`there is no family ${name}: ${names}`);
    console.log(`  ${family.about}`);
    const figures = await family.measure(effort, (line) => console.log(`  ${line}`));
    for (const line of table(figures)) console.log(`  ${line}`);
    const missed = figures.filter(({ ok }) => !ok);
    const seconds = Math.round((performance.now() - start) / 1000);
    console.log(`  ${missed.length === 0 ? "all reached" : `${missed.length} MISSED`}, ${seconds} s`);
    await Bun.write(join(OUT, `${name}.json`), `${JSON.stringify(figures, null, 2)}\n`);
    return true;
  } catch (error) {
    console.error(`  could not be measured: ${Error.isError(error) ? (error.stack ?? error.message) : error}`);
    return false;
  } finally {
    await cleanUp();
  }
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      repetitions: { type: "string", default: "3" },
      scale: { type: "string", default: "1" },
      folder: { type: "string" },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) {
    console.log(USAGE);
    return 0;
  }
  const unknown = positionals.filter((name) => !(name in families));
  if (unknown.length > 0) throw new Error(`there is no family ${unknown.join(", ")}; there are ${names}`);
  // Read by the harness when it is loaded, which is why nothing here imports it before.
  if (values.folder !== undefined) process.env.TEST_FOLDER = values.folder;
  const effort = {
    repetitions: Math.ceil(positive("repetitions", values.repetitions)),
    scale: positive("scale", values.scale),
  };
  await mkdir(OUT, { recursive: true });
  let measured = true;
  for (const name of positionals.length > 0 ? positionals : Object.keys(families)) {
    measured = (await run(name, effort)) && measured;
  }
  // A reach that is missed is a result; only a measurement that did not happen is a failure.
  return measured ? 0 : 1;
}

process.exit(
  await main().catch((error: unknown) => {
    console.error(`${Error.isError(error) ? error.message : error}\n\n${USAGE}`);
    return 2;
  }),
);
