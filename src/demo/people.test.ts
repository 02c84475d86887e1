import { expect, test } from "bun:test";
import { cnpj, cpf } from "cpf-cnpj-validator";
import { Chance } from "./chance.ts";
import { drawPerson } from "./people.ts";

test("every customer has a valid document that no other one has", () => {
  const chance = new Chance(5);
  const people = Array.from({ length: 3000 }, (_, serial) => drawPerson(chance, serial));
  for (const { kind, document } of people) {
    expect(kind === "individual" ? cpf.isValid(document, true) : cnpj.isValid(document, true)).toBe(true);
  }
  expect(new Set(people.map(({ document }) => document)).size).toBe(people.length);
  expect(new Set(people.map(({ kind }) => kind))).toEqual(new Set(["individual", "company"]));
});
