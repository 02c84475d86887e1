import { type Static, type TObject, type TProperties, Type } from "typebox";

/** What the operator of a host sets for an engine, in the host's environment; the same for every shop. */
export interface OperatorSettings<Schema extends TObject = TObject> {
  readonly schema: Schema;
  /** There once the host has loaded the engine: not while its modules are evaluated. */
  readonly value: Static<Schema>;
  /** For the host, which has read and checked them. */
  take(value: Static<Schema>): void;
}

/**
 * Declares an engine's settings: strings, numbers, integers and booleans, each set by the variable `<ENGINE>_<PROPERTY>` in
 * upper case. One without a default that is not optional must be set, or the engine does not start. `{ secret: true }`
 * among a property's options keeps its value out of sight.
 */
export function operatorSettings<Properties extends TProperties>(
  properties: Properties,
): OperatorSettings<TObject<Properties>> {
  const schema = Type.Object(properties, { additionalProperties: false });
  let taken: Static<TObject<Properties>> | undefined;
  return {
    schema,
    get value() {
      if (taken === undefined) throw new Error("operator settings are known once the host has loaded the engine");
      return taken;
    },
    take(value) {
      taken = value;
    },
  };
}
