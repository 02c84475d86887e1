import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { newPassword } from "../../platform/auth/password.ts";

/** One of the demo shop's people, and how they sign in. */
export interface Credentials {
  name: string;
  email: string;
  role: "admin" | "seller";
  password: string;
}

export interface DemoPeople {
  admin: Credentials;
  seller: Credentials;
}

/** The demo shop's people with new passwords. */
export function newPeople(): DemoPeople {
  return {
    admin: { name: "Ana Souza", email: "admin@demo.example", role: "admin", password: newPassword() },
    seller: { name: "Bruno Lima", email: "seller@demo.example", role: "seller", password: newPassword() },
  };
}

/** Keeps the passwords where only the account that runs the program reads them, to be shown at each start. */
export function keepPeople(file: string, people: DemoPeople): void {
  writeFileSync(file, `${JSON.stringify(people, null, 2)}\n`, { mode: 0o600 });
}

/** What an earlier start kept; undefined when the file is gone. */
export function keptPeople(file: string): DemoPeople | undefined {
  return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : undefined;
}
