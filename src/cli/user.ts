import { type Command, Option } from "commander";
import { notFound } from "../platform/http/problem.ts";
import type { User } from "../platform/identity/user.ts";
import type { Tenant } from "../platform/tenancy/tenant.ts";
import type { UserRole } from "../platform/tenancy/unit-of-work.ts";
import { type Administration, administer, OPERATOR } from "./administration.ts";
import { columns } from "./columns.ts";
import { OWNER_SETTINGS } from "./owner-url.ts";
import { withSettings } from "./setting-flags.ts";
import type { Surroundings } from "./surroundings.ts";
import { passwordOption, readPassword, requireNewUser } from "./user-input.ts";

interface PersonFlags extends Record<string, unknown> {
  tenant: string;
  email: string;
  passwordStdin?: boolean;
  json?: boolean;
}

/** `basecommerce user …`: the people of a shop. Needs the owner's login. */
export function registerUser(program: Command, surroundings: Surroundings): void {
  const user = program
    .command("user")
    .description("people of a shop: create, list, reset-password, deactivate; needs the owner's login");
  registerCreate(user, surroundings);
  registerList(user, surroundings);
  registerReset(user, surroundings);
  registerDeactivate(user, surroundings);
}

function registerCreate(user: Command, surroundings: Surroundings): void {
  const { environment, out } = surroundings;
  ofPerson(user.command("create"))
    .description("add a person to a shop; without --password-stdin a password is made and printed this once")
    .requiredOption("--name <name>", "the person's name")
    .addOption(new Option("--role <role>", "what they may do").choices(["admin", "seller"]).makeOptionMandatory())
    .addOption(passwordOption())
    .option("--json", "print the user as JSON")
    .action(async (flags: PersonFlags & { name: string; role: UserRole }) => {
      const { name, email, role, json } = flags;
      const { password, generated } = await readPassword(flags.passwordStdin === true, surroundings);
      requireNewUser({ name, email });
      await administer(flags, environment, async (administration) => {
        const tenant = await administration.tenant(flags.tenant);
        const context = { tenant, actor: OPERATOR, trace: null };
        const { body } = await administration.users.create(context, { name, email, password, role }, null);
        if (json) out(JSON.stringify(generated ? { ...body, password } : body));
        else out(generated ? `${body.id}\npassword: ${password}` : body.id);
      });
    });
}

function registerList(user: Command, { environment, out }: Surroundings): void {
  withSettings(user.command("list"), OWNER_SETTINGS)
    .description("list the people of a shop")
    .requiredOption("--tenant <slug>", "the shop")
    .option("--json", "print them as a JSON list")
    .action(async (flags: { tenant: string; json?: boolean }) => {
      await administer({ ...flags }, environment, async (administration) => {
        const people = await everybody(administration, await administration.tenant(flags.tenant));
        if (flags.json) {
          out(JSON.stringify(people));
          return;
        }
        const rows = people.map(({ email, name, role, active }) => [email, name, role, active ? "active" : "inactive"]);
        out(columns(["EMAIL", "NAME", "ROLE", "STATE"], rows));
      });
    });
}

function registerReset(user: Command, surroundings: Surroundings): void {
  const { environment, out } = surroundings;
  ofPerson(user.command("reset-password"))
    .description("give a person a new password and end their sessions")
    .addOption(passwordOption())
    .action(async (flags: PersonFlags) => {
      const { password, generated } = await readPassword(flags.passwordStdin === true, surroundings);
      await administer(flags, environment, async (administration) => {
        const { tenant, person } = await find(administration, flags);
        await administration.users.change(tenant, OPERATOR, person.id, { password });
        out(generated ? `password: ${password}` : `${person.email} has the new password`);
      });
    });
}

function registerDeactivate(user: Command, { environment, out }: Surroundings): void {
  ofPerson(user.command("deactivate"))
    .description("keep a person out: sign-in is refused, sessions end")
    .action(async (flags: PersonFlags) => {
      await administer(flags, environment, async (administration) => {
        const { tenant, person } = await find(administration, flags);
        await administration.users.change(tenant, OPERATOR, person.id, { active: false });
        out(`${person.email} is inactive`);
      });
    });
}

function ofPerson(command: Command): Command {
  return withSettings(command, OWNER_SETTINGS)
    .requiredOption("--tenant <slug>", "the shop")
    .requiredOption("--email <address>", "the person's e-mail address");
}

async function find(administration: Administration, { tenant: slug, email }: PersonFlags) {
  const tenant = await administration.tenant(slug);
  const people = await everybody(administration, tenant, email);
  const person = people.find((found) => found.email.toLowerCase() === email.toLowerCase());
  if (!person) throw notFound(`user ${email} of ${slug}`);
  return { tenant, person };
}

async function everybody({ users }: Administration, tenant: Tenant, q?: string): Promise<User[]> {
  const people: User[] = [];
  let cursor: string | undefined;
  do {
    const page = await users.list(tenant, { limit: 200, cursor, q });
    people.push(...page.items);
    cursor = page.next_cursor ?? undefined;
  } while (cursor !== undefined);
  return people;
}
