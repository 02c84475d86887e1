import { chmod, mkdtemp, rename, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EmbeddedDatabase } from "../../platform/database/embedded.ts";
import { applyMigrations } from "../../platform/database/migrations.ts";
import { ensureRoles, OWNER } from "../../platform/database/roles.ts";
import { platformMigrations } from "../../platform/database/schema.ts";

/**
 * A database in memory with everything an engine stands on, and nothing else. Making the first one takes seconds; it is
 * kept in the folder for temporary files, and the next ones start from it.
 */
export async function scratchDatabase(): Promise<EmbeddedDatabase> {
  const file = join(tmpdir(), `basecommerce-engine-${process.getuid?.() ?? "user"}-${version()}.tar`);
  if (await isMine(file)) {
    try {
      return await EmbeddedDatabase.open(undefined, Bun.file(file));
    } catch {
      await rm(file, { force: true });
    }
  }
  const database = await EmbeddedDatabase.open();
  await ensureRoles(database);
  await applyMigrations(database, platformMigrations, OWNER);
  await keep(database, file).catch(() => undefined);
  return database;
}

/** A schema that changed is another database. */
function version(): string {
  const hasher = new Bun.CryptoHasher("sha256").update(Bun.version);
  for (const { sql } of platformMigrations) hasher.update(sql);
  return hasher.digest("hex").slice(0, 16);
}

/** The folder is everybody's: what others have put there is not used. */
async function isMine(file: string): Promise<boolean> {
  const found = await stat(file).catch(() => undefined);
  return found?.isFile() === true && found.uid === (process.getuid?.() ?? found.uid);
}

/** Whole or not at all: several test processes may start at once. */
async function keep(database: EmbeddedDatabase, file: string): Promise<void> {
  const folder = await mkdtemp(`${file}-`);
  try {
    const draft = join(folder, "draft");
    await Bun.write(draft, await database.dump());
    await chmod(draft, 0o600);
    await rename(draft, file);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
