/** OWASP's second choice for argon2id: 19 MiB, so that a burst of logins does not take the droplet's memory. */
const ARGON2ID = { algorithm: "argon2id", memoryCost: 19_456, timeCost: 2 } as const;

/** Of a password nobody knows, with the same costs: what an unknown user's password is compared with. */
const NOBODY =
  "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

export const PASSWORD_MIN = 10;
export const PASSWORD_MAX = 200;

// Keyboards differ in whether they send é as one character or two.
const composed = (password: string) => password.normalize("NFC");

export async function hashPassword(password: string): Promise<string> {
  return await Bun.password.hash(composed(password), ARGON2ID);
}

/** Characters nobody takes for another one, in a word that a double click selects and that no shell or JSON escapes. */
const LEGIBLE = "23456789abcdefghjkmnpqrstuvwxyz_";

/** A password for a person to copy: 20 characters of 32, 100 bits. */
export function newPassword(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(20)), (byte) => LEGIBLE.charAt(byte % 32)).join("");
}

/** Whether `password` is the one of `hash`; with no hash it takes as long and is false. */
export async function verifyPassword(password: string, hash: string | undefined): Promise<boolean> {
  const right = await Bun.password.verify(composed(password), hash ?? NOBODY);
  return right && hash !== undefined;
}
