import { cnpj, cpf } from "cpf-cnpj-validator";
import { unprocessable } from "../../platform/http/problem.ts";

const LIBRARY = { cpf, cnpj } as const;

/**
 * A CPF (11 digits) or CNPJ (14, digits or since 2026 also letters) without its punctuation, in capitals. Throws 422 at
 * `path` when it is not well written or its check digits are wrong.
 */
export function readTaxDocument(kind: "cpf" | "cnpj", given: string, path: string): string {
  const library = LIBRARY[kind];
  const text = given.trim().toUpperCase();
  // Strict: only the official punctuation, so that a stray character is not dropped in silence.
  if (!library.isValid(text, true)) {
    throw unprocessable([{ path, message: `is not a valid ${kind.toUpperCase()}` }]);
  }
  return library.strip(text, true);
}
