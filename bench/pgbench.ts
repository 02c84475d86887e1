import { join } from "node:path";
import { programPath } from "../test/harness/packages.ts";
import type { Statement } from "./recording.ts";

/** A transaction for pgbench, with the values it is sent with. */
export interface PgbenchScript {
  text: string;
  /** Names and values of its variables. */
  variables: [string, string][];
}

const PLACEHOLDER = /\$(\d+)/g;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/**
 * The recorded statements of one transaction as a script that sends the same: same text, same values as parameters, same
 * round trips. `unique` are ids that must be others each time: their last 12 digits become random ones.
 */
export function pgbenchScript(
  prefix: string,
  statements: readonly Statement[],
  unique: readonly string[],
): PgbenchScript {
  const variables: [string, string][] = [];
  const lines = unique.map((_, i) => `\\set ${prefix}_r${i} random(0, 281474976710655)`);
  lines.push("\\startpipeline", "begin;");
  let open = true;
  for (const [s, { sql, parameters, together, last }] of statements.entries()) {
    if (open && !together && s > 0) {
      lines.push("\\endpipeline");
      open = false;
    }
    if (last && !open) {
      lines.push("\\startpipeline");
      open = true;
    }
    const text = sql.replaceAll(PLACEHOLDER, (_, n: string) => {
      const value = parameters[Number(n) - 1];
      if (value === null || value === undefined) return "null";
      const name = `${prefix}_s${s}p${n}`;
      if (!variables.some(([known]) => known === name)) variables.push([name, String(value)]);
      return argument(
        name,
        String(value),
        unique.map((id, i) => [id, `${prefix}_r${i}`]),
      );
    });
    lines.push(`${text.replaceAll(/\s+/g, " ").trim()};`);
  }
  lines.push("commit;", ...(open ? ["\\endpipeline"] : []));
  return { text: `${lines.join("\n")}\n`, variables };
}

function argument(name: string, value: string, unique: readonly (readonly [string, string])[]): string {
  const held = unique.filter(([id]) => value.includes(id));
  const replaced = held.reduce(
    (text, [id, random]) => `replace(${text}, '${id.slice(-12)}', lpad(to_hex(:${random}::bigint), 12, '0'))`,
    held.length === 0 ? `:${name}` : `:${name}::text`,
  );
  return held.length > 0 && UUID.test(value) ? `(${replaced})::uuid` : replaced;
}

export interface PgbenchOptions {
  url: string;
  folder: string;
  scripts: readonly PgbenchScript[];
  clients: number;
  seconds: number;
}

/** Transactions per second; each client picks one of the scripts at random. */
export async function pgbench({ url, folder, scripts, clients, seconds }: PgbenchOptions): Promise<number> {
  const files = await Promise.all(
    scripts.map(async ({ text }, i) => {
      const file = join(folder, `script-${i}.sql`);
      await Bun.write(file, text);
      return ["-f", file];
    }),
  );
  const values = scripts.flatMap(({ variables }) => variables.flatMap(([name, value]) => ["-D", `${name}=${value}`]));
  const options = ["-n", "-M", "prepared", "-c", `${clients}`, "-j", "1", "-T", `${seconds}`];
  const run = Bun.spawn([await programPath("pgbench"), ...options, ...values, ...files.flat(), url], {
    stdout: "pipe",
    stderr: "pipe",
  });
  const [output, complaint] = await Promise.all([new Response(run.stdout).text(), new Response(run.stderr).text()]);
  const tps = /tps = ([\d.]+)/.exec(output)?.[1];
  if ((await run.exited) !== 0 || tps === undefined) throw new Error(`pgbench failed: ${output}${complaint}`);
  const failed = /number of failed transactions: (\d+)/.exec(output)?.[1] ?? "0";
  if (failed !== "0" || complaint.includes("error:")) throw new Error(`pgbench: transactions failed: ${complaint}`);
  return Number(tps);
}
