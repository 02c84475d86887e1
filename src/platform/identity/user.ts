import { t } from "elysia";
import { PASSWORD_MAX, PASSWORD_MIN } from "../auth/password.ts";
import type { Transaction } from "../database/database.ts";
import { isUniqueViolation } from "../database/errors.ts";
import { conflict } from "../http/problem.ts";
import { Email, Id, Instant, oneOf, shape, text } from "../http/shape.ts";
import type { UserRole } from "../tenancy/unit-of-work.ts";

/** A person who works in a shop, as the API shows them. */
export type User = {
  id: string;
  name: string;
  email: string;
  role: UserRole;
  active: boolean;
  created_at: string;
  updated_at: string;
};

export const USER_COLUMNS = "id, name, email, role, active, created_at, updated_at";

export const Role = oneOf(["admin", "seller"], { description: "an admin also manages users, the shop and approvals" });
export const Password = t.String({
  minLength: PASSWORD_MIN,
  maxLength: PASSWORD_MAX,
  examples: ["correct horse battery staple"],
});

export const userExample = {
  id: "019c5f3e-8f4b-7c1a-9d3e-2b6f1a0c4d5e",
  name: "Ana Souza",
  email: "ana@casaverde.example",
  role: "admin",
  active: true,
  created_at: "2026-03-02T14:05:09.123456Z",
  updated_at: "2026-03-02T14:05:09.123456Z",
} as const;

export const UserShape = shape(
  {
    id: Id,
    name: text(200, "Ana Souza"),
    email: Email,
    role: Role,
    active: t.Boolean({ description: "an inactive user cannot sign in; tokens they hold stop working" }),
    created_at: Instant,
    updated_at: Instant,
  },
  { examples: [userExample] },
);

export interface NewUser {
  name: string;
  email: string;
  /** Of `hashPassword`. */
  password_hash: string;
  role: UserRole;
}

/** Adds a user to a shop. 409 `email_taken` when the shop has that e-mail address already, in whatever case. */
export async function createUser(tx: Transaction, tenant_id: string, user: NewUser): Promise<User> {
  const [made] = await naming(
    tx.query<User>(
      `insert into users (tenant_id, id, name, email, password_hash, role) values ($1, $2, $3, $4, $5, $6)
       returning ${USER_COLUMNS}`,
      [tenant_id, Bun.randomUUIDv7(), user.name, user.email, user.password_hash, user.role],
    ),
  );
  if (!made) throw new Error("the insert returned no row");
  return made;
}

/** Turns the index that keeps e-mail addresses apart into a conflict a person understands. */
export async function naming<T>(write: Promise<T>): Promise<T> {
  try {
    return await write;
  } catch (error) {
    if (isUniqueViolation(error, "users_email")) {
      throw conflict("email_taken", "another user of this shop has that e-mail address");
    }
    throw error;
  }
}
