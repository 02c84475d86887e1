import { expect } from "bun:test";
import { type TestedEngine, testEngine } from "@basecommerce/engine/testing";
import webhooks from "./engine.ts";

export interface Page {
  items: Record<string, unknown>[];
}

interface Made {
  id: string;
  secret: string;
}

/** A receiver on this machine and the plugin that posts to it, for two shops: `shop` and `other`. */
export class Desk {
  readonly engine: TestedEngine<object, Record<never, never>>;
  /** What arrived. */
  received: { headers: Record<string, string>; body: string }[] = [];
  /** What is answered, by path. */
  answer: (path: string) => Response | Promise<Response> = () => new Response(null, { status: 204 });
  readonly #server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: async (request) => {
      this.received.push({ headers: Object.fromEntries(request.headers), body: await request.text() });
      return await this.answer(new URL(request.url).pathname);
    },
  });

  private constructor(engine: TestedEngine<object, Record<never, never>>) {
    this.engine = engine;
  }

  static async open(): Promise<Desk> {
    return new Desk(await testEngine(webhooks, { tenants: { shop: {}, other: {} } }));
  }

  get port(): number {
    return this.#server.port ?? 0;
  }

  url(path = "/hook"): string {
    return `http://127.0.0.1:${this.port}${path}`;
  }

  /** As if nothing had happened; the receiver answers 204 and may be on this machine. */
  async clear(): Promise<void> {
    await this.engine.clear();
    this.engine.operate({ WEBHOOKS_ALLOW_PRIVATE_TARGETS: "true" });
    this.received = [];
    this.answer = () => new Response(null, { status: 204 });
  }

  answers(status: number): void {
    this.answer = () => new Response(null, { status });
  }

  async endpoint(body: object = {}, tenant?: string): Promise<Made> {
    const made = await this.engine.request<Made>("POST", "/endpoints", { url: this.url(), ...body }, { tenant });
    expect(made.status).toBe(201);
    return made.body;
  }

  /** Something an endpoint may want to know: a supplier changed. */
  async happen(tenant?: string): Promise<void> {
    const supplier_id = "018f0000-0000-7000-8000-0000000000aa";
    const payload = { supplier_id, name: "Areial", active: true, user_id: null };
    await this.engine.feed("construction", "supplier_updated", payload, { tenant });
  }

  async deliveries(query = ""): Promise<Page["items"]> {
    return (await this.engine.request<Page>("GET", `/deliveries${query}`)).body.items;
  }

  async close(): Promise<void> {
    await this.#server.stop(true);
    await this.engine.close();
  }
}
