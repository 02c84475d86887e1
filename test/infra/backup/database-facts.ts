import type { Sql } from "postgres";
import { withSession } from "../../harness/session.ts";

const TABLES = `
  select c.oid::regclass::text as name
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where c.relkind = 'r' and (n.nspname = 'public' or n.nspname like 'engine\\_%')`;

/** A digest of the rows of every table. */
export async function rowsOf(admin: string): Promise<Map<string, string>> {
  return await withSession(admin, async (sql) => {
    const digests = new Map<string, string>();
    for (const { name } of await sql.unsafe<{ name: string }[]>(TABLES)) {
      const [row] = await sql.unsafe<{ digest: string }[]>(
        `select count(*) || ' ' || coalesce(md5(string_agg(t::text, ' ' order by t::text)), '') as digest from ${name} t`,
      );
      digests.set(name, row?.digest ?? "");
    }
    return digests;
  });
}

const RIGHTS = {
  policies: `select schemaname, tablename, policyname, permissive, roles::text, cmd, qual, with_check
             from pg_policies order by 1, 2, 3`,
  relations: `select c.oid::regclass::text as name, c.relkind, pg_get_userbyid(c.relowner) as owner, c.relrowsecurity,
                c.relforcerowsecurity,
                array(select a::text from unnest(coalesce(c.relacl, acldefault(case c.relkind when 'S' then 's' else 'r' end::"char",
                  c.relowner))) a order by 1) as rights
              from pg_class c join pg_namespace n on n.oid = c.relnamespace
              where c.relkind in ('r', 'p', 'S', 'v') and (n.nspname = 'public' or n.nspname like 'engine\\_%') order by 1`,
  schemas: `select nspname, pg_get_userbyid(nspowner) as owner, array(select a::text from unnest(nspacl) a order by 1) as rights
            from pg_namespace where nspname like 'engine\\_%' order by 1`,
  functions: `select p.oid::regprocedure::text as name, pg_get_userbyid(p.proowner) as owner, p.prosecdef, p.prosrc,
                array(select a::text from unnest(coalesce(p.proacl, acldefault('f', p.proowner))) a order by 1) as rights
              from pg_proc p where p.pronamespace = 'public'::regnamespace order by 1`,
  indexes: `select schemaname, indexname, indexdef from pg_indexes
            where schemaname = 'public' or schemaname like 'engine\\_%' order by 1, 2`,
  // Of the server, so those of other databases' engines are left out.
  roles: `select r.rolname, r.rolcanlogin, r.rolsuper, r.rolinherit, r.rolcreaterole, r.rolbypassrls, r.rolconfig,
            array(select m.member::regrole::text from pg_auth_members m where m.roleid = r.oid order by 1) as members
          from pg_roles r where r.rolname like 'basecommerce\\_%' or r.rolname ~ '^engine_(stock|sales|pricing|delivery)(_batch)?$'
          order by 1`,
};

/** Who may do what, as the catalog has it. */
export async function rightsOf(admin: string): Promise<Record<string, unknown>> {
  return await withSession(admin, async (sql: Sql) => {
    const facts: Record<string, unknown> = {};
    for (const [name, query] of Object.entries(RIGHTS)) facts[name] = [...(await sql.unsafe(query))];
    return facts;
  });
}
