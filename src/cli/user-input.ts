import { Option } from "commander";
import { getSchemaValidator } from "elysia";
import { newPassword, PASSWORD_MAX, PASSWORD_MIN } from "../platform/auth/password.ts";
import { unprocessable } from "../platform/http/problem.ts";
import { Email, shape, text } from "../platform/http/shape.ts";
import type { Surroundings } from "./surroundings.ts";

/** What the API asks of a person, for the parts that commander does not check. */
const person = getSchemaValidator(shape({ name: text(200, "Ana Souza"), email: Email }));

/** Throws the 422 that names every field the API would refuse too. */
export function requireNewUser({ name, email }: { name: string; email: string }): void {
  const value = { name, email };
  if (person.Check(value)) return;
  const errors = [...person.Errors(value)].map(({ path }) => ({ path, message: "is not valid" }));
  throw unprocessable(errors);
}

export function passwordOption(): Option {
  return new Option("--password-stdin", `read the password (${PASSWORD_MIN}–${PASSWORD_MAX} characters) from stdin`);
}

/** The password on stdin, without the line's end, or else a generated one that must be shown. */
export async function readPassword(
  from_stdin: boolean,
  { input }: Surroundings,
): Promise<{ password: string; generated: boolean }> {
  if (!from_stdin) return { password: newPassword(), generated: true };
  const password = (await input()).replace(/\r?\n$/, "");
  if (password.length < PASSWORD_MIN || password.length > PASSWORD_MAX) {
    throw unprocessable([{ path: "/password", message: `must have ${PASSWORD_MIN} to ${PASSWORD_MAX} characters` }]);
  }
  return { password, generated: false };
}
