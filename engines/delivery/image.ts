import { unprocessable } from "@basecommerce/engine";

const MAX_BYTES = 2 * 1024 * 1024;
/** As text: base64 takes four characters for three bytes, and a data URL has a few before. */
const MAX_CHARACTERS = Math.ceil(MAX_BYTES / 3) * 4 + 64;

/** Of a proof's body: two images, and what else it says. */
export const MAX_PROOF_BYTES = 2 * MAX_CHARACTERS + 64 * 1024;

const PNG = "89504e470d0a1a0a";
const JPEG = "ffd8ff";

/** A picture as it was sent, a URL or base64 of a PNG or JPEG of 2 MB at most; 422 for anything else. */
export function imageOf(given: string | undefined | null, path: string): string | null {
  if (given === undefined || given === null) return null;
  if (/^https?:/i.test(given)) {
    if (given.length > 2000 || !/^https?:\/\//i.test(given) || !URL.canParse(given))
      throw refused(path, "is not a URL");
    return given;
  }
  const base64 = given.replace(/^data:image\/(?:png|jpeg);base64,/, "");
  if (given.length > MAX_CHARACTERS) throw refused(path, "must not be larger than 2 MB");
  if (!isBase64(base64)) throw refused(path, "must be a URL or base64 of a PNG or JPEG");
  const bytes = Buffer.from(base64, "base64");
  if (bytes.length > MAX_BYTES) throw refused(path, "must not be larger than 2 MB");
  const start = bytes.subarray(0, 8).toString("hex");
  if (start !== PNG && !start.startsWith(JPEG)) throw refused(path, "must be a PNG or a JPEG");
  return given;
}

/** Padded or not; one that was cut off is none. */
function isBase64(text: string): boolean {
  const [, digits = "", padding = ""] = /^([A-Za-z0-9+/]+)(={0,2})$/.exec(text) ?? [];
  return digits !== "" && digits.length % 4 !== 1 && (padding === "" || text.length % 4 === 0);
}

function refused(path: string, message: string) {
  return unprocessable([{ path, message }]);
}
