import { type Command, Option } from "commander";
import { SETTINGS, type Setting } from "../config/settings.ts";

/** Adds the flags of settings to a command. */
export function withSettings(command: Command, settings: readonly Setting[] = Object.values(SETTINGS)): Command {
  for (const { flag, value, help, env, default: standard } of settings) {
    command.addOption(new Option(`--${flag} <${value}>`, `${help} [${env}${standard ? `, ${standard}` : ""}]`));
  }
  return command;
}

/** The settings given as flags, by flag. */
export function givenFlags(options: Readonly<Record<string, unknown>>): Record<string, string> {
  const given: Record<string, string> = {};
  for (const { flag } of Object.values(SETTINGS)) {
    const value = options[new Option(`--${flag} <text>`).attributeName()];
    if (typeof value === "string") given[flag] = value;
  }
  return given;
}
