import type { Chance } from "../chance.ts";

const HEX3 = Array.from({ length: 1 << 12 }, (_, bits) => bits.toString(16).padStart(3, "0"));
const HEX4 = Array.from({ length: 1 << 16 }, (_, bits) => bits.toString(16).padStart(4, "0"));

/** The instant that was asked for last and its text: a document's ids are of few instants, and there are many of them. */
const last = { at: 0, text: timeText(0) };

/** UUID v7 of an instant in milliseconds, repeated exactly by the seed of `chance`. */
export function uuidAt(chance: Chance, at: number): string {
  if (last.at !== at) {
    last.at = at;
    last.text = timeText(at);
  }
  const a = chance.bits();
  const b = chance.bits();
  const node = `${HEX4[b >>> 16]}${HEX4[b & 0xffff]}${HEX4[chance.bits() >>> 16]}`;
  return `${last.text}-7${HEX3[a & 0xfff]}-${"89ab".charAt(a >>> 30)}${HEX3[(a >>> 12) & 0xfff]}-${node}`;
}

function timeText(at: number): string {
  const hex = at.toString(16).padStart(12, "0");
  return `${hex.slice(0, 8)}-${hex.slice(8)}`;
}
