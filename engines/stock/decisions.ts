import type { EngineDb, Row } from "@basecommerce/engine";

export type Subject = "rupture" | "excess" | "purchase";

interface Decision extends Row {
  product_id: string;
  subject: Subject;
  decision: "acknowledged" | "accepted" | "rejected";
  decided_at: string;
}

/** What people said to alerts and suggestions. It holds for the occurrence it was said to, not for a later one. */
export class Decisions {
  readonly #made: ReadonlyMap<string, Decision>;

  private constructor(made: ReadonlyMap<string, Decision>) {
    this.#made = made;
  }

  static async of(db: EngineDb, tenant_id: string): Promise<Decisions> {
    const rows = await db.query<Decision>(
      "select product_id, subject, decision, decided_at from decisions where tenant_id = $1",
      [tenant_id],
    );
    return new Decisions(new Map(rows.map((row) => [`${row.product_id} ${row.subject}`, row])));
  }

  /** Whether anything was ever decided: only then it matters since when something stands. */
  any(product_id: string, subject: Subject): boolean {
    return this.#made.has(`${product_id} ${subject}`);
  }

  /** What was decided about an occurrence that stands since `since`. */
  about(product_id: string, subject: Subject, since: string): Decision["decision"] | undefined {
    const made = this.#made.get(`${product_id} ${subject}`);
    return made && made.decided_at >= since ? made.decision : undefined;
  }
}

export async function decide(
  db: EngineDb,
  tenant_id: string,
  product_id: string,
  subject: Subject,
  decision: Decision["decision"],
  user_id: string,
): Promise<void> {
  await db.query(
    `insert into decisions (tenant_id, product_id, subject, decision, decided_by, decided_at)
     values ($1, $2, $3, $4, $5, now())
     on conflict (tenant_id, product_id, subject) do update set
       decision = excluded.decision, decided_by = excluded.decided_by, decided_at = excluded.decided_at`,
    [tenant_id, product_id, subject, decision, user_id],
  );
}
