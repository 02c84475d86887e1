import { expect, test } from "bun:test";
import { drawBasket } from "./basket.ts";
import { CATALOGUE, indexOf } from "./catalogue.ts";
import { Chance } from "./chance.ts";
import { JOBS } from "./jobs.ts";

const JULY = 6;
const NOVEMBER = 10;

function baskets(month: number, count = 4000): Set<number>[] {
  const chance = new Chance(7);
  return Array.from({ length: count }, () => new Set(drawBasket(chance, month).map(({ material }) => material)));
}

function shareWith(drawn: readonly Set<number>[], code: string): number {
  return drawn.filter((basket) => basket.has(indexOf(code))).length / drawn.length;
}

test("the same seed draws the same baskets", () => {
  const draw = (seed: number) => {
    const chance = new Chance(seed);
    return Array.from({ length: 50 }, () => drawBasket(chance, JULY));
  };
  expect(draw(1)).toEqual(draw(1));
  expect(draw(1)).not.toEqual(draw(2));
});

test("cement goes with sand and gravel, and none of them with paint", () => {
  const withCement = baskets(JULY).filter((basket) => basket.has(indexOf("CIM-CP2")));
  expect(shareWith(withCement, "ARE-MED")).toBeGreaterThan(0.55);
  expect(shareWith(withCement, "BRI-1")).toBeGreaterThan(0.35);
  expect(shareWith(withCement, "TIN-ACR18")).toBeLessThan(0.05);
});

test("walls are built in the dry months, houses painted before Christmas", () => {
  expect(shareWith(baskets(JULY), "TIJ-8F")).toBeGreaterThan(shareWith(baskets(NOVEMBER), "TIJ-8F"));
  expect(shareWith(baskets(NOVEMBER), "TIN-ACR18")).toBeGreaterThan(shareWith(baskets(JULY), "TIN-ACR18"));
});

test("nobody leaves with nothing, or with half a piece, sack or box", () => {
  const chance = new Chance(3);
  for (let i = 0; i < 2000; i++) {
    const lines = drawBasket(chance, i % 12);
    expect(lines.length).toBeGreaterThan(0);
    for (const { material, milli } of lines) {
      const whole = ["UN", "SC", "CX"].includes(CATALOGUE[material]?.unit ?? "");
      expect(milli).toBeGreaterThan(0);
      expect(milli % (whole ? 1000 : 1)).toBe(0);
    }
  }
});

test("codes are unique, every material is part of some job", () => {
  expect(new Set(CATALOGUE.map(({ code }) => code)).size).toBe(CATALOGUE.length);
  const needed = new Set(JOBS.flatMap(({ needs }) => needs.map(({ material }) => material)));
  expect(CATALOGUE.filter((_, material) => !needed.has(material)).map(({ code }) => code)).toEqual([]);
});
