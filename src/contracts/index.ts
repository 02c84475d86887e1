import { type Construction, construction } from "./construction.ts";

/** Every named stream that a vertical writes, with the contracts of its events. Engines' own streams are declared in their manifests. */
export interface Streams {
  construction: Construction;
}

export const streams: Streams = { construction };
