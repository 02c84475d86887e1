import { timingSafeEqual } from "node:crypto";

/** The secret by which operators are known over HTTP. Compared in the same time however much of a guess is right. */
export class OperatorToken {
  readonly #digest: Uint8Array;

  constructor(token: string) {
    this.#digest = digestOf(token);
  }

  fits(given: string): boolean {
    return timingSafeEqual(this.#digest, digestOf(given));
  }
}

/** Of one length whatever was given, as the comparison asks for. */
function digestOf(text: string): Uint8Array {
  return new Bun.CryptoHasher("sha256").update(text).digest();
}
