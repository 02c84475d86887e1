import type { TObject } from "typebox";

/** An event type that an engine publishes to the stream of its own name. */
export interface EmitContract {
  version: number;
  /** Name of the payload property whose value is the event's key. */
  key: string;
  payload: TObject;
}

export type EmitContracts = Readonly<Record<string, EmitContract>>;
