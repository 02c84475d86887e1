import { expect, test } from "bun:test";
import { cnpj, cpf } from "cpf-cnpj-validator";
import { Chance } from "./chance.ts";
import { drawPerson, type Person } from "./people.ts";

function isValid({ kind, document }: Person): boolean {
  return kind === "individual" ? cpf.isValid(document, true) : cnpj.isValid(document, true);
}

test("the first customers have valid documents whatever chance brings", () => {
  for (let seed = 0; seed < 200; seed++) {
    const chance = new Chance(seed);
    for (let serial = 0; serial < 5; serial++) expect(isValid(drawPerson(chance, serial))).toBe(true);
  }
});

test("every customer has a valid document that no other one has", () => {
  const chance = new Chance(5);
  const people = Array.from({ length: 3000 }, (_, serial) => drawPerson(chance, serial));
  for (const person of people) expect(isValid(person)).toBe(true);
  expect(new Set(people.map(({ document }) => document)).size).toBe(people.length);
  expect(new Set(people.map(({ kind }) => kind))).toEqual(new Set(["individual", "company"]));
});
