import { expect, test } from "bun:test";
import { readJson } from "./json-body.ts";
import { Problem } from "./problem.ts";

const read = (body: string | Uint8Array<ArrayBuffer>, max = 1_000_000) =>
  readJson(new Request("http://localhost/", { method: "POST", body }), max);

async function refusal(body: string | Uint8Array<ArrayBuffer>, max?: number): Promise<Problem> {
  try {
    await read(body, max);
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
  throw new Error(`was accepted: ${String(body).slice(0, 100)}`);
}

test("reads what is right, word for word", async () => {
  const value = { name: 'Cimento "CP II": 50 kg', a: [1, 2.5, -0.001, { b: null }], c: "ção 🧱", d: 9007199254740991 };
  expect(await read(JSON.stringify(value))).toEqual(value);
  expect(await read('{"a":"\\"","b":"\\\\","c:":{}}')).toEqual({ a: '"', b: "\\", "c:": {} });
  expect(await read("")).toBeUndefined();
});

test("refuses bytes that are not UTF-8 instead of storing U+FFFD", async () => {
  expect((await refusal(new Uint8Array([0x22, 0xff, 0x22]))).status).toBe(400);
});

test("refuses text that is no JSON", async () => {
  for (const text of ["{", "{'a':1}", "[1,]", "NaN", '{"a":01}', "\u0000"]) {
    expect((await refusal(text)).status).toBe(400);
  }
});

test("refuses a body larger than allowed although it did not say how large it is", async () => {
  expect((await refusal(`"${"x".repeat(100)}"`, 100)).status).toBe(413);
});

test("refuses, naming the place, what JSON.parse lets through and a database does not", async () => {
  const cases: [string, string][] = [
    ['{"a":["b","c\\u0000d"]}', "/a/1"],
    ['{"a":"\\ud800"}', "/a"],
    ['{"a\\u0000":1}', ""],
    ['{"a":9007199254740993}', "/a"],
    ['{"a":{"b":-9007199254740993}}', "/a/b"],
    ['{"a":1e400}', "/a"],
    ['{"__proto__":{"role":"admin"}}', "/__proto__"],
    ['{"a":{"__proto__":1}}', "/a/__proto__"],
  ];
  for (const [text, path] of cases) {
    const problem = await refusal(text);
    expect({ text, status: problem.status, path: problem.errors?.[0]?.path }).toEqual({ text, status: 422, path });
  }
});

test("refuses a name given twice, at any depth, however it is written", async () => {
  for (const text of ['{"a":1,"a":2}', '{"x":[{"a":1,"a":1}]}', '{"role":"seller","r\\u006fle":"admin"}']) {
    expect((await refusal(text)).status).toBe(422);
  }
});

test("refuses nesting that would take the stack, quickly", async () => {
  const deep = 100_000;
  expect((await refusal("[".repeat(deep) + "]".repeat(deep))).status).toBe(422);
  expect((await refusal(`${'{"a":'.repeat(40)}1${"}".repeat(40)}`)).status).toBe(422);
  const allowed = "[".repeat(32) + "]".repeat(32);
  expect(await read(allowed)).toBeArray();
});
