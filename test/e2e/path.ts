import { expect } from "bun:test";
import { until } from "../harness/until.ts";

/** Where a shop's requests go and who asks. */
export interface Shop {
  /** Base URL, e.g. of nginx or of the program itself. */
  url: string;
  /** Host that names the shop, where a proxy is in front. */
  host?: string;
  /** Slug, sent as X-Tenant-Slug where none is. */
  slug?: string;
  email: string;
  password: string;
  /** Milliseconds after which a request is given up. Default: none. */
  patience?: number;
}

/** What an answer holds, as far as the path looks into it. */
type Body = { [name: string]: unknown };

/** A client of one shop's API, as its own front end is. */
export class ShopClient {
  readonly shop: Shop;
  #token = "";

  constructor(shop: Shop) {
    this.shop = shop;
  }

  /** Returns the access token that it uses from here on. */
  async login(): Promise<string> {
    const { email, password } = this.shop;
    const body = await this.post("/auth/login", { email, password }, 200);
    this.#token = String(body.access_token);
    return this.#token;
  }

  async get(path: string, status = 200): Promise<Body> {
    return await this.#send("GET", path, undefined, status);
  }

  async post(path: string, body: Body, status: number | number[] = 201, idempotency_key?: string): Promise<Body> {
    return await this.#send("POST", path, body, status, idempotency_key);
  }

  async put(path: string, body: Body, status = 200): Promise<Body> {
    return await this.#send("PUT", path, body, status);
  }

  async #send(
    method: string,
    path: string,
    body: Body | undefined,
    status: number | number[],
    idempotency_key?: string,
  ): Promise<Body> {
    const { url, host, slug, patience } = this.shop;
    const response = await fetch(`${url}${path}`, {
      method,
      ...(patience === undefined ? {} : { signal: AbortSignal.timeout(patience) }),
      headers: {
        ...(host === undefined ? {} : { host }),
        ...(slug === undefined ? {} : { "x-tenant-slug": slug }),
        ...(this.#token === "" ? {} : { authorization: `Bearer ${this.#token}` }),
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...(idempotency_key === undefined ? {} : { "idempotency-key": idempotency_key }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (![status].flat().includes(response.status)) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === "object" && parsed !== null ? { ...parsed } : {};
  }
}

/**
 * The way of an event from end to end: a seller makes a product, books stock in, sells some of it and delivers; the
 * stock engine warns that too much is left, and says why.
 */
export async function walkThePath(shop: Shop): Promise<void> {
  const client = new ShopClient(shop);
  await client.login();
  const product = await client.post("/api/v1/products", {
    name: "Cimento CP II 50 kg",
    unit: "SC",
    category: "Cimento",
    base_price: "38.90",
  });
  await client.post("/api/v1/stock/movements", {
    product_id: product.id,
    movement_type: "in",
    quantity: "100",
    reason: "Compra",
  });
  const customer = await client.post("/api/v1/customers", { kind: "individual", name: "Maria da Silva" });
  const order = await client.post("/api/v1/orders", {
    customer_id: customer.id,
    items: [{ product_id: product.id, quantity: "5" }],
  });
  expect(order.total_value).toBe("194.50");
  for (const status of ["preparing", "out_for_delivery", "delivered"]) {
    await client.post(`/api/v1/orders/${order.id}/status`, { status }, 200);
  }
  const engines = await client.get("/api/v1/engines");
  expect(engines.items).toContainEqual(expect.objectContaining({ name: "stock", state: "running", enabled: true }));
  // Unknown until the engine has heard of the product.
  const parameters = `/api/v1/engines/stock/parameters/${product.id}`;
  await until(() => client.put(parameters, { maximum: "50" }), { what: "the engine to know the product" });
  const alert = await until(
    async () => {
      const { items } = await client.get(`/api/v1/engines/stock/alerts?product_id=${product.id}`);
      return Array.isArray(items) && items.find((item) => item.level === "95.000");
    },
    { what: "the alert on what is left after the sale" },
  );
  expect(alert).toMatchObject({ kind: "excess", status: "active", product_id: product.id });
  expect(alert.explanation).toContain("Cimento CP II 50 kg");
  expect(alert.explanation).toContain("95");
}
