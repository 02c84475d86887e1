// A typed client of a shop's API without any dependency: sign in, make a quote, turn it into an order.
//
//   BASE_URL=http://localhost:8000 SLUG=demo EMAIL=… PASSWORD=… bun docs/client.ts
//
// The types are what /openapi.json says of these routes; a generator (openapi-typescript and the like) makes all of them.

/** Decimal string with 2 places, e.g. "32.00": never a float. */
type Money = string;

interface Page<T> {
  items: T[];
  next_cursor: string | null;
}
interface Product {
  id: string;
  name: string;
  unit: "UN" | "KG" | "M" | "M2" | "M3" | "L" | "SC" | "CX";
  base_price: Money;
}
interface Customer {
  id: string;
  name: string;
}
interface Quote {
  id: string;
  number: string;
  status: "draft" | "sent" | "approved" | "converted" | "cancelled";
  total_value: Money;
}
interface Order {
  id: string;
  number: string;
  status: "pending" | "preparing" | "out_for_delivery" | "delivered" | "cancelled";
  total_value: Money;
}
/** RFC 9457: what every error of the API looks like. */
interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  errors?: { path: string; message: string }[];
}

class ApiError extends Error {
  readonly problem: Problem;
  constructor(problem: Problem) {
    super(`${problem.status} ${problem.detail} ${JSON.stringify(problem.errors ?? [])}`);
    this.problem = problem;
  }
}

class Shop {
  readonly #url: string;
  readonly #headers: Record<string, string>;

  private constructor(url: string, headers: Record<string, string>) {
    this.#url = url;
    this.#headers = headers;
  }

  static async signIn(url: string, slug: string, email: string, password: string): Promise<Shop> {
    const shop = new Shop(url, { "x-tenant-slug": slug });
    const { access_token } = await shop.post<{ access_token: string }>("/auth/login", { email, password });
    return new Shop(url, { "x-tenant-slug": slug, authorization: `Bearer ${access_token}` });
  }

  async get<T>(path: string): Promise<T> {
    return await this.#send<T>("GET", path);
  }

  /** With an `idempotency_key` the call can be repeated after a lost answer: it takes effect once. */
  async post<T>(path: string, body: object = {}, idempotency_key = crypto.randomUUID()): Promise<T> {
    return await this.#send<T>("POST", path, body, { "idempotency-key": idempotency_key });
  }

  /** Every item of a list, page by page. */
  async *all<T>(path: string): AsyncGenerator<T> {
    let cursor: string | null = "";
    while (cursor !== null) {
      const page: Page<T> = await this.get(`${path}?limit=200${cursor && `&cursor=${encodeURIComponent(cursor)}`}`);
      yield* page.items;
      cursor = page.next_cursor;
    }
  }

  async #send<T>(method: string, path: string, body?: object, headers: Record<string, string> = {}): Promise<T> {
    const response = await fetch(this.#url + path, {
      method,
      headers: { ...this.#headers, ...headers, "content-type": "application/json" },
      ...(body && { body: JSON.stringify(body) }),
    });
    const answer = JSON.parse(await response.text());
    if (!response.ok) throw new ApiError(answer);
    return answer;
  }
}

const { BASE_URL = "http://localhost:8000", SLUG = "demo", EMAIL = "", PASSWORD = "" } = process.env;
const shop = await Shop.signIn(BASE_URL, SLUG, EMAIL, PASSWORD);

const cement = await shop.post<Product>("/api/v1/products", { name: "Cimento", unit: "SC", base_price: "38.90" });
const customer = await shop.post<Customer>("/api/v1/customers", { kind: "individual", name: "José Pereira" });
const quote = await shop.post<Quote>("/api/v1/quotes", {
  customer_id: customer.id,
  discount_percent: "5",
  items: [{ product_id: cement.id, quantity: "10" }],
});
await shop.post<Quote>(`/api/v1/quotes/${quote.id}/send`);
await shop.post<Quote>(`/api/v1/quotes/${quote.id}/approve`);
const order = await shop.post<Order>(`/api/v1/quotes/${quote.id}/convert`);
console.log(`${quote.number} became ${order.number}: R$ ${order.total_value}`);

try {
  await shop.post<Order>(`/api/v1/orders/${order.id}/status`, { status: "delivered" });
} catch (error) {
  if (error instanceof ApiError) console.log(`refused: ${error.problem.detail}`);
}

let count = 0;
for await (const _ of shop.all<Product>("/api/v1/products")) count++;
console.log(`${count} product(s)`);
