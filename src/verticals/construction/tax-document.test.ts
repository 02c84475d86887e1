import { expect, test } from "bun:test";
import { readTaxDocument } from "./tax-document.ts";

test("a CNPJ of digits, or of letters and digits as given out since 2026, with or without its punctuation", () => {
  expect(readTaxDocument("cnpj", "11.222.333/0001-81", "/document")).toBe("11222333000181");
  expect(readTaxDocument("cnpj", "12.ABC.345/01DE-35", "/document")).toBe("12ABC34501DE35");
  expect(readTaxDocument("cnpj", "12abc34501de35", "/document")).toBe("12ABC34501DE35");
});

test("a CPF", () => {
  expect(readTaxDocument("cpf", "529.982.247-25", "/document")).toBe("52998224725");
  expect(readTaxDocument("cpf", "52998224725", "/document")).toBe("52998224725");
});

test("wrong check digits, repeated digits, letters in check digits, stray characters and the other kind are refused", () => {
  const wrong = [
    ["cnpj", "11222333000182"],
    ["cnpj", "12ABC34501DE36"],
    ["cnpj", "12ABC34501DEAB"],
    ["cnpj", "00000000000000"],
    ["cnpj", "11222333/000181x"],
    ["cnpj", "52998224725"],
    ["cpf", "52998224724"],
    ["cpf", "11111111111"],
    ["cpf", "529a982247x25"],
    ["cpf", "11222333000181"],
    ["cpf", ""],
  ] as const;
  for (const [kind, text] of wrong) {
    expect(() => readTaxDocument(kind, text, "/document")).toThrow(expect.objectContaining({ status: 422 }));
  }
});
