import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Config } from "../config/config.ts";

/** The configured SECRET_KEY; in embedded mode without one, a generated key kept under the data folder, mode 0600. */
export function secretKey(config: Config): string | undefined {
  if (config.secret_key !== undefined || config.parts.kind === "server") return config.secret_key;
  const file = join(config.parts.data_dir, "secret_key");
  if (existsSync(file)) return readFileSync(file, "utf8");
  const secret = crypto.getRandomValues(new Uint8Array(32)).toHex();
  writeFileSync(file, secret, { mode: 0o600, flag: "wx" });
  return secret;
}
