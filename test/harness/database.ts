import { whenDone } from "./cleanup.ts";
import { type Postgres, startPostgres } from "./postgres.ts";
import { urlFor, withSession } from "./session.ts";
import { makeTemplate, PASSWORD } from "./template.ts";

/** Any number, the same for all test processes: PostgreSQL refuses two clones of one template at the same time. */
const CLONING = 5_317_402;

export interface TestDatabase {
  name: string;
  /** Where each login of the platform finds this database; `admin` is the server's superuser. */
  urls: Record<"admin" | "owner" | "vertical" | "relay" | "engines", string>;
  /** Also while it is in use. */
  drop(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

interface Server {
  admin: string;
  template: string;
}

/** Where nothing else is said: the server of the test run, or one that this test file starts when it first needs it. */
let shared: Promise<Server> | undefined;
const own = new WeakMap<Postgres, Promise<Server>>();

/**
 * A database with the whole schema and no rows, dropped when the test file is done. Takes some 100 ms. Roles belong to the
 * server, so those of engines that one test installs are there for all others too.
 *
 * With `server`, on that one: for tests that stop or kill it.
 */
export async function testDatabase({ server }: { server?: Postgres } = {}): Promise<TestDatabase> {
  const { admin, template } = await (server ? ownServer(server) : sharedServer());
  const name = `test_${crypto.randomUUID().replaceAll("-", "").slice(0, 16)}`;
  await clone(admin, template, name);
  const drop = whenDone(async () => {
    if (server && !server.running) return;
    await withSession(admin, (sql) => sql`drop database if exists ${sql(name)} with (force)`);
  });
  const as = (login: string) => urlFor(admin, name, `basecommerce_${login}`, PASSWORD);
  return {
    name,
    urls: {
      admin: urlFor(admin, name),
      owner: as("owner"),
      vertical: as("vertical"),
      relay: as("relay"),
      engines: as("engines"),
    },
    drop,
    [Symbol.asyncDispose]: drop,
  };
}

async function clone(admin: string, template: string, name: string): Promise<void> {
  await withSession(admin, async (sql) => {
    await sql`select pg_advisory_lock(${CLONING})`;
    await sql`create database ${sql(name)} template ${sql(template)} owner basecommerce_owner`;
    // What roles.sql grants on the database itself is not part of a clone.
    await sql`revoke all on database ${sql(name)} from public`;
    await sql`grant connect on database ${sql(name)} to basecommerce_vertical, basecommerce_relay, basecommerce_engines`;
  });
}

function sharedServer(): Promise<Server> {
  shared ??= fromEnvironment() ?? startPostgres().then(ownServer);
  return shared;
}

/** test/run.ts starts one server for all test processes. */
function fromEnvironment(): Promise<Server> | undefined {
  const { TEST_POSTGRES_ADMIN_URL: admin, TEST_POSTGRES_TEMPLATE: template } = process.env;
  if (admin === undefined) return undefined;
  return template === undefined
    ? makeTemplate(admin).then((made) => ({ admin, template: made }))
    : Promise.resolve({ admin, template });
}

function ownServer(server: Postgres): Promise<Server> {
  const known = own.get(server);
  if (known) return known;
  const admin = server.url("postgres");
  const made = makeTemplate(admin).then((template) => ({ admin, template }));
  own.set(server, made);
  return made;
}
