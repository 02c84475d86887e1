import type { Chance } from "../chance.ts";

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

/** UUID v7 of an instant in milliseconds, repeated exactly by the seed of `chance`. */
export function uuidAt(chance: Chance, at: number): string {
  const time = at.toString(16).padStart(12, "0");
  const a = chance.bits();
  const b = chance.bits();
  const c = chance.bits();
  const rest = hex(b).slice(1);
  const variant = "89ab".charAt(b >>> 30);
  return `${time.slice(0, 8)}-${time.slice(8)}-7${hex(a).slice(0, 3)}-${variant}${rest.slice(0, 3)}-${hex(a).slice(4)}${hex(c)}`;
}

function hex(bits: number): string {
  return `${HEX[bits >>> 24]}${HEX[(bits >>> 16) & 255]}${HEX[(bits >>> 8) & 255]}${HEX[bits & 255]}`;
}
