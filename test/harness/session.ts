import postgres from "postgres";

/** One connection to the database at `url` for the time of `work`. */
export async function withSession<T>(url: string, work: (sql: postgres.Sql) => Promise<T>): Promise<T> {
  const sql = postgres(url, { max: 1, connect_timeout: 5, fetch_types: false, onnotice: () => undefined });
  try {
    return await work(sql);
  } finally {
    await sql.end({ timeout: 1 });
  }
}

/** `name` as an identifier in a statement, where no parameter can stand. */
export function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** `url` with another database, login and password. */
export function urlFor(url: string, database: string, user?: string, password?: string): string {
  const result = new URL(url);
  result.pathname = `/${database}`;
  if (user !== undefined) {
    result.username = user;
    result.password = password ?? "";
  }
  return result.href;
}
