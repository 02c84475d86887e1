import { type Command, InvalidArgumentError } from "commander";
import { load } from "../demo/load/load.ts";
import { Loader } from "../demo/load/loader.ts";
import { midnightBefore } from "../demo/load/period.ts";
import { hashPassword, newPassword } from "../platform/auth/password.ts";
import { DEFAULT_PARTITIONS } from "../platform/events/partition.ts";
import { ensureStream, madeStreams } from "../platform/events/stream-registry.ts";
import { isSlug } from "../platform/tenancy/tenant.ts";
import { CONSTRUCTION_STREAM } from "../roles/parts.ts";
import { withDatabase } from "./owner-database.ts";
import { OWNER_SETTINGS, ownerUrl } from "./owner-url.ts";
import { Progress } from "./progress.ts";
import { withSettings } from "./setting-flags.ts";
import type { Surroundings } from "./surroundings.ts";

interface DemoFlags extends Record<string, unknown> {
  tenants: number;
  orders: number;
  seed: number;
  prefix: string;
  days: number;
  until?: number;
  json?: boolean;
}

/** `basecommerce demo`: many shops with a believable history, for benchmarks and screenshots. */
export function registerDemo(program: Command, surroundings: Surroundings): void {
  withSettings(program.command("demo"), OWNER_SETTINGS)
    .description("fill a database with shops, their orders and events; needs the owner's login")
    .option("--tenants <count>", "shops to make", count(1, 100_000), 3)
    .option("--orders <count>", "orders of all shops together", count(0, 100_000_000), 3000)
    .option("--seed <number>", "the same seed, prefix, days and end give the same rows", count(0, 2 ** 31), 1)
    .option("--prefix <text>", "of the shops' slugs: <text>-1, <text>-2 …", slugPrefix, "shop")
    .option("--days <count>", "length of the history", count(1, 3650), 365)
    .option("--until <day>", "its last day, YYYY-MM-DD [yesterday]", lastDay)
    .option("--json", "print what was made as JSON")
    .action((flags: DemoFlags) => fill(flags, surroundings));
}

async function fill(flags: DemoFlags, { environment, out }: Surroundings): Promise<void> {
  const { tenants, orders, seed, prefix, days, until = midnightBefore(Date.now()) } = flags;
  const partitions = await partitionsOf(flags, environment);
  const password = newPassword();
  const password_hash = await hashPassword(password);
  const loader = new Loader(ownerUrl(flags, environment));
  const bar = new Progress(`${tenants} shops`, orders, "orders");
  const begun = performance.now();
  try {
    await loader.open();
    const progress = (done: number) => bar.update(done);
    const made = await load(loader, {
      tenants,
      orders,
      seed,
      prefix,
      days,
      until,
      partitions,
      password_hash,
      progress,
    });
    bar.stop();
    const seconds = (performance.now() - begun) / 1000;
    const user = `admin@${prefix}-1.example`;
    if (flags.json) out(JSON.stringify({ tenants, ...made, seconds, slug: `${prefix}-1`, user, password }));
    else {
      const rate = Math.round(made.orders / seconds);
      out(
        `${tenants} shops, ${made.orders} orders, ${made.events} events in ${seconds.toFixed(1)} s (${rate} orders/s)`,
      );
      out(`sign in to ${prefix}-1 as ${user} with ${password}; the password is the same in every shop`);
    }
  } finally {
    bar.stop();
    await loader.close();
  }
}

/** How the stream was made, or is made now. */
async function partitionsOf(flags: DemoFlags, environment: Surroundings["environment"]): Promise<number> {
  let partitions = DEFAULT_PARTITIONS;
  await withDatabase(flags, environment, async (database) => {
    partitions = (await madeStreams(database)).get(CONSTRUCTION_STREAM) ?? DEFAULT_PARTITIONS;
    await ensureStream(database, CONSTRUCTION_STREAM, partitions);
  });
  return partitions;
}

function count(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= least && value <= most) return value;
    throw new InvalidArgumentError(`must be a whole number from ${least} to ${most}`);
  };
}

function slugPrefix(text: string): string {
  if (isSlug(`${text}-100000`)) return text;
  throw new InvalidArgumentError("must be of a–z, 0–9 and inner hyphens, at most 56 characters");
}

/** The midnight after a day, in São Paulo. */
function lastDay(text: string): number {
  const start = /^\d{4}-\d{2}-\d{2}$/.test(text) ? Date.parse(`${text}T03:00:00Z`) : Number.NaN;
  if (Number.isNaN(start)) throw new InvalidArgumentError("must be a day such as 2026-03-31");
  return start + 86_400_000;
}
