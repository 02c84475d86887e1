import { ConfigError, type Environment, settingTexts } from "../config/config.ts";
import { SETTINGS, type Setting } from "../config/settings.ts";
import { givenFlags } from "./setting-flags.ts";

/** The settings that commands of the owner understand. */
export const OWNER_SETTINGS: readonly Setting[] = [SETTINGS.database_url, SETTINGS.database_direct_url];

/**
 * Where a command of the owner connects: past a transaction pool when that address is known. Throws `ConfigError` when
 * there is none or it is no address.
 */
export function ownerUrl(flags: Readonly<Record<string, unknown>>, environment: Environment): string {
  const texts = settingTexts(givenFlags(flags), environment);
  const url = texts.database_direct_url ?? texts.database_url;
  if (!url) throw new ConfigError(["DATABASE_URL (--database-url) is missing"]);
  const problem = SETTINGS.database_url.check(url);
  if (problem !== undefined) throw new ConfigError([`DATABASE_URL (--database-url) ${problem}`]);
  return url;
}
