import { mkdir, rename } from "node:fs/promises";
import { join } from "node:path";
import type { ShopClient } from "../e2e/path.ts";
import { until } from "../harness/until.ts";

/** A drop-in engine in two files: it notes each product it sees with the word of the moment, and says that word. */
const ENGINE = `
import { defineEngine } from "@basecommerce/engine";
import { WORD } from "./word.ts";

export default defineEngine({
  name: "echo",
  version: "1.0.0",
  description: "Notes what it sees",
  from: "beginning",
  migrations: [{ id: "0001_seen", up: "create table seen (tenant_id uuid not null, product_id uuid not null, word text not null)" }],
  subscriptions: {
    construction: {
      product_created: async ({ tenant_id, payload }, { db }) => {
        await db.query("insert into seen values ($1, $2, $3)", [tenant_id, payload.product_id, WORD]);
      },
    },
  },
  routes: (app) =>
    app
      .get("/word", () => ({ word: WORD }))
      .get("/seen", async ({ db }) => ({ items: await db.query("select product_id, word from seen") })),
});
`;

/** Saves a file as editors do: beside it, then over it. */
async function save(path: string, text: string): Promise<void> {
  await Bun.write(`${path}~`, text);
  await rename(`${path}~`, path);
}

/** The files of that engine in a plugin folder, and a shop that looks at what it does. */
export class EchoEngine {
  readonly #folder: string;
  readonly #client: ShopClient;

  constructor(plugins: string, client: ShopClient) {
    this.#folder = join(plugins, "echo");
    this.#client = client;
  }

  static async write(plugins: string, word: string): Promise<void> {
    const folder = join(plugins, "echo");
    await mkdir(folder, { recursive: true });
    await Bun.write(join(folder, "word.ts"), `export const WORD = "${word}";\n`);
    await Bun.write(join(folder, "engine.ts"), ENGINE);
  }

  async save(file: "engine.ts" | "word.ts", text: string): Promise<void> {
    await save(join(this.#folder, file), text);
  }

  async saveWord(word: string): Promise<void> {
    await this.save("word.ts", `export const WORD = "${word}";\n`);
  }

  /** Returns when the engine says `word`; how long that took, in milliseconds. */
  async says(word: string, timeout = 30_000): Promise<number> {
    const began = performance.now();
    const heard = async () => (await this.#client.get("/api/v1/engines/echo/word")).word === word;
    await until(heard, { what: `the engine to say ${word}`, timeout });
    return performance.now() - began;
  }

  /** What it noted, by product. A product that is there twice was handled twice. */
  async seen(): Promise<{ product_id: string; word: string }[]> {
    const { items } = await this.#client.get("/api/v1/engines/echo/seen");
    return Array.isArray(items) ? items : [];
  }
}
