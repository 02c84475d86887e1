/**
 * `<session>.<family>.<turn>`. The family is the session's for life, the turn changes with each refresh, so a token
 * used a second time (right family, old turn) can be told from one that was made up (wrong family): only the former
 * ends the session, otherwise anybody who has seen a session's id could end it.
 */
export interface RefreshToken {
  session_id: string;
  family: string;
  turn: string;
}

const FORM = /^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.([A-Za-z0-9_-]{43})\.([A-Za-z0-9_-]{43})$/;

export function newSecret(): string {
  return crypto.getRandomValues(new Uint8Array(32)).toBase64({ alphabet: "base64url", omitPadding: true });
}

export function formatRefreshToken({ session_id, family, turn }: RefreshToken): string {
  return `${session_id}.${family}.${turn}`;
}

export function parseRefreshToken(text: string): RefreshToken | undefined {
  const [, session_id, family, turn] = FORM.exec(text) ?? [];
  return session_id && family && turn ? { session_id, family, turn } : undefined;
}

/** What is kept of a secret. It has 256 random bits, so a plain digest cannot be guessed back. */
export function digestOf(secret: string): string {
  return new Bun.CryptoHasher("sha256").update(secret).digest("base64url");
}
