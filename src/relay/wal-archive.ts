import type { Database } from "../platform/database/database.ts";

const FAILING = `
  select coalesce(last_failed_time > coalesce(last_archived_time, '-infinity'), false) as failing
  from pg_stat_archiver`;

/**
 * Whether PostgreSQL's last attempt to put a finished piece of its write-ahead log into the archive failed. It keeps what
 * it cannot archive: its disk fills, and a full disk stops every shop. False where nothing is archived.
 */
export async function walArchiveFails(database: Pick<Database, "query">): Promise<boolean> {
  const [row] = await database.query<{ failing: boolean }>(FAILING);
  return row?.failing ?? false;
}
