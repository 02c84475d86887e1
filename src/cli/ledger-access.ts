import type { Environment } from "../config/config.ts";
import type { Database, Transaction } from "../platform/database/database.ts";
import { OWNER } from "../platform/database/roles.ts";
import { withDatabase } from "./owner-database.ts";

/** Runs one read of the ledger after the other, each in a transaction of its own. */
export type LedgerRead = <T>(work: (tx: Transaction) => Promise<T>) => Promise<T>;

const STATEMENT_TIMEOUT_MS = 60_000;

/** Reads the ledger across shops: as the owner where the login may, or else under a relay's or engine host's own login. */
export async function withLedger(
  flags: Readonly<Record<string, unknown>>,
  environment: Environment,
  work: (read: LedgerRead, database: Database) => Promise<void>,
): Promise<void> {
  await withDatabase(flags, environment, async (database) => {
    const [login] = await database.query<{ owner: boolean }>(
      "select pg_has_role(session_user, $1, 'member') as owner",
      [OWNER],
    );
    const scope = { ...(login?.owner ? { role: OWNER } : {}), statement_timeout_ms: STATEMENT_TIMEOUT_MS };
    await work((read) => database.transaction(scope, read), database);
  });
}
