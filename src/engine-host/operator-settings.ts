import type { TSchema } from "typebox";
import { Check, Errors } from "typebox/value";
import type { EngineDefinition } from "../sdk/engine.ts";
import { InvalidEngine, propertiesOf } from "./manifest.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

/** Values by variable, as people may see them: what is secret is told to be set, and no more. */
export type ShownSettings = Readonly<Record<string, unknown>>;

/** The variable that sets a property of an engine's settings. */
export function variableOf(engine: string, property: string): string {
  return `${engine}_${property}`.replaceAll("-", "_").toUpperCase();
}

/** Reads an engine's settings, hands them to it, and tells what of them may be shown. Throws `InvalidEngine`. */
export function readSettings({ name, settings }: EngineDefinition, environment: Environment): ShownSettings {
  if (!settings) return {};
  const properties = Object.entries<TSchema>(propertiesOf(settings.schema));
  const given = properties.map(([property, schema]) => {
    const text = environment[variableOf(name, property)];
    return [property, text === undefined || text === "" ? defaultOf(schema) : parsed(schema, text)] as const;
  });
  const value = Object.fromEntries(given.filter(([, one]) => one !== undefined));
  takeSettings({ name, settings }, value);
  return Object.fromEntries(
    properties.map(([property, schema]) => {
      const one = value[property];
      return [variableOf(name, property), isSecret(schema) && one !== undefined ? "(set)" : (one ?? null)];
    }),
  );
}

/** Checks values as they are and hands them to the engine; the values stay out of the message. */
function takeSettings({ name, settings }: Pick<EngineDefinition, "name" | "settings">, value: object): void {
  if (!settings) return;
  if (Check(settings.schema, value)) {
    settings.take(value);
    return;
  }
  for (const [property, schema] of Object.entries<TSchema>(propertiesOf(settings.schema))) {
    const variable = variableOf(name, property);
    const one: unknown = Object.entries(value).find(([key]) => key === property)?.[1];
    if (one === undefined && "~optional" in schema) continue;
    if (one === undefined) throw new InvalidEngine(`set ${variable}${descriptionOf(schema)}`);
    const [wrong] = Errors(schema, one);
    if (wrong) throw new InvalidEngine(`${variable} ${wrong.message}${descriptionOf(schema)}`);
  }
  throw new InvalidEngine(`settings of ${name} do not fit`);
}

/** Why the declaration itself cannot be read from an environment; undefined when it can. */
export function settingsProblem({ name, settings }: EngineDefinition): string | undefined {
  if (settings === undefined) return undefined;
  if (typeof settings !== "object" || !("schema" in settings) || typeof settings.take !== "function") {
    return "settings: use operatorSettings({ … })";
  }
  for (const [property, schema] of Object.entries<TSchema>(propertiesOf(settings.schema))) {
    const variable = variableOf(name, property);
    if (!/^[A-Z][A-Z0-9_]*$/.test(variable)) return `settings.${property}: ${variable} is no name of a variable`;
    const type = "type" in schema ? String(schema.type) : "";
    if (!["string", "number", "integer", "boolean"].includes(type)) {
      return `settings.${property}: must be a string, number, integer or boolean`;
    }
    const preset = defaultOf(schema);
    if (preset !== undefined && !Check(schema, preset)) return `settings.${property}: its default does not fit`;
  }
  return undefined;
}

function parsed(schema: TSchema, text: string): unknown {
  switch ("type" in schema ? schema.type : "") {
    case "boolean":
      return text === "true" ? true : text === "false" ? false : text;
    case "number":
    case "integer":
      return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text;
    default:
      return text;
  }
}

function defaultOf(schema: TSchema): unknown {
  return "default" in schema ? schema.default : undefined;
}

function isSecret(schema: TSchema): boolean {
  return "secret" in schema && schema.secret === true;
}

function descriptionOf(schema: TSchema): string {
  return "description" in schema && typeof schema.description === "string" ? `: ${schema.description}` : "";
}
