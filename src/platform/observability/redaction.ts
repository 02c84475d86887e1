import { codeOf } from "../database/errors.ts";

const CENSOR = "[redacted]";

/** Names under which a secret or a person's data may stand in what is logged, whatever is around them. */
const CENSORED = new Set(
  [
    ["password", "current", "new", "password_hash", "secret", "secret_key", "token", "access_token", "refresh_token"],
    ["authorization", "cookie", "set-cookie", "operator_token", "database_url", "database_direct_url", "redis_url"],
    ["name", "customer_name", "user_name", "document", "cpf", "cnpj", "tax_id", "email", "phone", "recipient", "notes"],
    ["address", "delivery_address", "payload", "body", "parameters", "args", "detail", "where"],
  ].flat(),
);
const DEEPEST = 6;

/** A copy of what is logged without what stands under such a name. Errors are left to `loggedError`. */
export function censored(value: object, depth = 0): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(value).map(([name, part]: [string, unknown]) => {
      if (CENSORED.has(name.toLowerCase()) && part !== null && part !== undefined) return [name, CENSOR];
      return [name, typeof part === "object" && part !== null ? censoredPart(part, depth + 1) : part];
    }),
  );
}

function censoredPart(part: object, depth: number): unknown {
  if (part instanceof Error) return part;
  if (depth > DEEPEST) return CENSOR;
  if (!Array.isArray(part)) return censored(part, depth);
  return part.map((item: unknown) =>
    typeof item === "object" && item !== null ? censoredPart(item, depth + 1) : item,
  );
}

/** SQLSTATE class 22 is about a value, and its message names it. */
const ABOUT_A_VALUE = /^22/;

/**
 * What is logged of an error: kind, code, message and the way here. Everything else that libraries hang onto errors may
 * hold a row, a command's arguments or a payload.
 */
export function loggedError(error: unknown): unknown {
  if (!(error instanceof Error)) return typeof error === "object" && error !== null ? censored(error) : error;
  const code = codeOf(error);
  return {
    type: error.constructor.name,
    ...(code !== undefined && { code }),
    ...(!ABOUT_A_VALUE.test(code ?? "") && { message: error.message }),
    stack: (error.stack ?? "").split("\n").filter((line) => /^\s+at /.test(line)),
    ...(error.cause instanceof Error && { cause: loggedError(error.cause) }),
  };
}

/** What gives a value away by its form, wherever in a text it stands; the order matters. */
const FORMS: readonly (readonly [RegExp, string])[] = [
  // The password of a URL.
  [/(\b[a-z][a-z0-9+]*:\/\/[^:@/\s"]*):[^@\s"]+@/gi, `$1:${CENSOR}@`],
  [/\bBearer\s+[^\s"\\]+/gi, `Bearer ${CENSOR}`],
  // A JSON Web Token, and a hash of a password.
  [/\beyJ[\w-]+\.[\w-]+\.[\w-]*/g, CENSOR],
  [/\$argon2[^\s"\\]+/g, CENSOR],
  [/[\w.+-]+@[\w-]+(?:\.[\w-]+)+/g, CENSOR],
  // CNPJ, also of letters and digits, and CPF.
  [/\b[A-Z0-9]{2}\.[A-Z0-9]{3}\.[A-Z0-9]{3}\/[A-Z0-9]{4}-\d{2}\b/g, CENSOR],
  [/\b\d{3}\.\d{3}\.\d{3}-\d{2}\b/g, CENSOR],
  // Telephones as people write them: an area in brackets, or a country before it.
  [/(?:\+?55[\s-]?)?\(\d{2}\)\s?9?\s?\d{4}[\s-]?\d{4}/g, CENSOR],
  [/\+55[\s-]?\d{2}[\s-]?9?\s?\d{4}[\s-]?\d{4}/g, CENSOR],
  // CPF, CNPJ and telephone as bare digits, not the places after a decimal point; the line stays JSON.
  [/(?<=[:,[])(?:\d{14}|\d{11})(?=[,}\]])/g, "0"],
  [/(?<![\w.-])(?:\d{14}|\d{11})(?![\w-])/g, CENSOR],
];

/** A line without what gives itself away by its form: messages of libraries and plugins are free text. */
export function scrubbed(line: string): string {
  return FORMS.reduce((text, [form, instead]) => text.replace(form, instead), line);
}
