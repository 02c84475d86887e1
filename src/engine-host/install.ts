import type { Database, Transaction } from "../platform/database/database.ts";
import { codeOf, isTransient } from "../platform/database/errors.ts";
import { ENGINES, OWNER } from "../platform/database/roles.ts";
import { DEFAULT_PARTITIONS } from "../platform/events/partition.ts";
import type { EngineDefinition, EngineMigration } from "../sdk/engine.ts";
import { type EngineManifest, InvalidEngine, manifestOf } from "./manifest.ts";
import { engineBatchRole, engineRole } from "./names.ts";

/**
 * Makes an engine's roles and schema, runs its migrations as owner in that schema, adds row-level security to its
 * tables, and registers it. Safe to run again and at every start. The login must be, or may become, the owner.
 */
export async function installEngine(database: Database, definition: EngineDefinition): Promise<string[]> {
  const manifest = manifestOf(definition);
  const schema = engineRole(definition.name);
  const roles = manifest.set_based ? [schema, engineBatchRole(definition.name)] : [schema];
  for (const role of roles) await ensureEngineRole(database, role);
  return await database.transaction({ role: OWNER }, async (tx) => {
    // One at a time, by a row that is gone at the end: an advisory lock may be held by any engine's SQL.
    const turn = `install ${definition.name}`;
    await tx.query("insert into lease (name, owner, lease_until) values ($1, $1, clock_timestamp())", [turn]);
    await tx.script(`create schema if not exists ${schema} authorization ${OWNER}`);
    await tx.script(`create table if not exists ${schema}.schema_migration (
      id text primary key, digest text not null, applied_at timestamptz not null default now())`);
    const applied = await migrate(tx, schema, definition);
    await refuseUnprotected(tx, schema);
    await protectTables(tx, schema, roles);
    await refuseMissingTables(tx, schema, manifest);
    if (manifest.emits.length > 0) {
      await tx.query("insert into event_stream (stream, partitions) values ($1, $2) on conflict do nothing", [
        manifest.name,
        DEFAULT_PARTITIONS,
      ]);
    }
    await noteNewSubscriptions(tx, manifest);
    await tx.query(
      `insert into engine as e (name, version, description, manifest) values ($1, $2, $3, $4::text::json)
       on conflict (name) do update set version = excluded.version, description = excluded.description,
         manifest = excluded.manifest, updated_at = now()
       where (e.version, e.description, e.manifest::text) is distinct from
             (excluded.version, excluded.description, excluded.manifest::text)`,
      [manifest.name, manifest.version, manifest.description, JSON.stringify(manifest)],
    );
    await tx.query("delete from lease where name = $1", [turn]);
    return applied;
  });
}

/**
 * Whether an installation of this version or a newer one was made here; a host that may not install refuses to run the
 * engine otherwise. An older version goes on beside a newer schema, as in a rolling deploy.
 */
export async function isInstalled(database: Database, definition: EngineDefinition): Promise<boolean> {
  const [row] = await database.query<{ version: string }>("select version from engine where name = $1", [
    definition.name,
  ]);
  return row !== undefined && Bun.semver.order(row.version, definition.version) >= 0;
}

/** The engine's migrations that an installation would run. Changes nothing; the login must be, or may become, the owner. */
export async function pendingEngineSteps(
  database: Database,
  definition: EngineDefinition,
): Promise<readonly { id: string }[]> {
  const schema = engineRole(definition.name);
  return await database.transaction({ role: OWNER, snapshot: true }, async (tx) => {
    const [present] = await tx.query<{ there: boolean }>("select to_regclass($1) is not null as there", [
      `${schema}.schema_migration`,
    ]);
    return present?.there ? await lackingSteps(tx, schema, definition) : (definition.migrations ?? []);
  });
}

/** Things that work under the owner's rights, past the policies that keep shops apart. */
async function refuseUnprotected(tx: Transaction, schema: string): Promise<void> {
  const found = await tx.query<{ what: string; name: string }>(
    `select case relkind when 'v' then 'view' when 'm' then 'materialized view' else 'foreign table' end as what, relname as name
     from pg_class where relnamespace = $1::regnamespace and relkind in ('v', 'm', 'f')
     union all
     select 'security definer function', proname from pg_proc where pronamespace = $1::regnamespace and prosecdef
     order by 1, 2`,
    [schema],
  );
  if (found.length === 0) return;
  throw new InvalidEngine(
    found
      .map(({ what, name }) => `migrations: ${what} ${name}: an engine works with tables and plain functions only`)
      .join("\n"),
  );
}

/** A table named as kept must exist: a misspelt one would be emptied by a replay. */
async function refuseMissingTables(tx: Transaction, schema: string, manifest: EngineManifest): Promise<void> {
  for (const table of manifest.kept_tables) {
    const [row] = await tx.query<{ there: boolean }>("select to_regclass($1) is not null as there", [
      `${schema}."${table}"`,
    ]);
    if (!row?.there) throw new InvalidEngine(`tables.kept: ${table} is no table of ${schema}`);
  }
}

/** A version that subscribes to more than the one before lacks the history of what is new: said, not hidden. */
async function noteNewSubscriptions(tx: Transaction, manifest: EngineManifest): Promise<void> {
  const [row] = await tx.query<{ manifest: EngineManifest; started: boolean }>(
    `select manifest, exists (select 1 from engine_position where engine = $1 and position > 0) as started
     from engine where name = $1`,
    [manifest.name],
  );
  if (!row?.started || manifest.from === "now") return;
  const added = Object.entries(manifest.subscriptions).flatMap(([stream, types]) =>
    types.filter((type) => !row.manifest.subscriptions[stream]?.includes(type)).map((type) => `${stream}.${type}`),
  );
  if (added.length === 0) return;
  await tx.query("update engine set replay_needed = $2 where name = $1", [
    manifest.name,
    `version ${manifest.version} also subscribes to ${added.join(", ")}: run \`basecommerce engine replay ${manifest.name}\``,
  ]);
}

async function ensureEngineRole(database: Database, role: string): Promise<void> {
  const known = await database.query("select 1 from pg_roles where rolname = $1", [role]);
  if (known.length === 0) {
    await database
      .transaction({ role: OWNER }, (tx) => tx.script(`create role ${role} nologin noinherit`))
      .catch((error) => {
        if (!["42710", "23505"].includes(codeOf(error) ?? "")) throw error;
      });
  }
  const [granted] = await database.query<{ granted: boolean }>(
    `select exists (select 1 from pg_auth_members m where m.roleid = $1::regrole and m.member = $2::regrole) as granted`,
    [role, ENGINES],
  );
  if (granted?.granted) return;
  // Another database's installation may be granting the same at this moment.
  await database
    .transaction({ role: OWNER }, (tx) => tx.script(`grant ${role} to ${ENGINES}`))
    .catch((error) => {
      if (codeOf(error) !== "XX000" && codeOf(error) !== "23505") throw error;
    });
}

async function migrate(tx: Transaction, schema: string, definition: EngineDefinition): Promise<string[]> {
  const lacking = await lackingSteps(tx, schema, definition);
  await tx.script(`set local search_path = ${schema}`);
  for (const { id, up, digest } of lacking) {
    await tx.script(up).catch((error) => {
      throw migrationFailure(id, up, error);
    });
    await tx.query(`insert into ${schema}.schema_migration (id, digest) values ($1, $2)`, [id, digest]);
  }
  await tx.script("set local search_path = public");
  return lacking.map(({ id }) => id);
}

/** The migrations that were not run in `schema` yet. Throws when one was with another text. */
async function lackingSteps(
  tx: Transaction,
  schema: string,
  { name, migrations = [] }: EngineDefinition,
): Promise<(EngineMigration & { digest: string })[]> {
  const rows = await tx.query<{ id: string; digest: string }>(`select id, digest from ${schema}.schema_migration`);
  const known = new Map(rows.map(({ id, digest }) => [id, digest]));
  const all = migrations.map((step) => {
    return { ...step, digest: new Bun.CryptoHasher("sha256").update(step.up).digest("hex") };
  });
  const changed = all.find(({ id, digest }) => known.has(id) && known.get(id) !== digest);
  if (changed) throw new InvalidEngine(`migration ${changed.id} of engine ${name} was applied with another text`);
  return all.filter(({ id }) => !known.has(id));
}

/** What a server says of a migration, with the place in it. The surroundings' failures stay what they are. */
function migrationFailure(id: string, up: string, error: unknown): unknown {
  if (codeOf(error) === undefined || isTransient(error) || !(error instanceof Error)) return error;
  const position = "position" in error ? Number(error.position) : 0;
  const line = position > 0 ? ` line ${up.slice(0, position).split("\n").length}` : "";
  return new InvalidEngine(`migration ${id}${line}: ${error.message}`);
}

/** Row-level security by tenant on every table of the schema; a table that has no tenant_id is refused. */
async function protectTables(tx: Transaction, schema: string, roles: readonly string[]): Promise<void> {
  const tables = await tx.query<{ name: string; tenant: boolean; secured: boolean }>(
    `select c.relname as name, c.relrowsecurity as secured,
            exists (select 1 from pg_attribute a where a.attrelid = c.oid and a.attname = 'tenant_id' and not a.attisdropped
                      and a.attnotnull and a.atttypid = 'uuid'::regtype) as tenant
     from pg_class c where c.relnamespace = $1::regnamespace and c.relkind in ('r', 'p') and c.relname <> 'schema_migration'`,
    [schema],
  );
  const [, batchRole] = roles;
  for (const { name, tenant, secured } of tables) {
    if (!tenant) throw new InvalidEngine(`table ${name} of ${schema} has no column tenant_id uuid not null`);
    const table = `${schema}."${name}"`;
    await tx.script(`grant select, insert, update, delete on ${table} to ${roles.join(", ")}`);
    if (!secured) await tx.script(`call protect_tenant_table('${table}')`);
    if (batchRole) {
      await tx.script(`drop policy if exists batch on ${table};
        create policy batch on ${table} to ${batchRole} using (true) with check (true)`);
    }
  }
  await tx.script(`grant usage on schema ${schema} to ${roles.join(", ")}`);
  await tx.script(`grant usage on all sequences in schema ${schema} to ${roles.join(", ")}`);
}
