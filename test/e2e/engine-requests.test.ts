import { beforeAll, describe, expect, test } from "bun:test";
import { deflateSync } from "node:zlib";
import { PostgresDatabase } from "../../src/platform/database/postgres.ts";
import { PROGRAM } from "../harness/program.ts";
import { until } from "../harness/until.ts";
import { ShopClient } from "./path.ts";
import { type Platform, shopWith, startPlatform } from "./platform.ts";

/** A picture of noise, which no compression makes smaller: a real PNG of almost 2 MB. */
function noisyPng(): Buffer {
  const [width, height] = [830, 840];
  const rows = Array.from({ length: height }, () => [
    Buffer.of(0),
    ...Array.from({ length: 3 }, () => crypto.getRandomValues(Buffer.alloc(width))),
  ]).flat();
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2, 0, 0, 0], 8);
  const chunk = (type: string, data: Uint8Array) => {
    const body = Buffer.concat([Buffer.from(type), data]);
    const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
    length.writeUInt32BE(data.length);
    sum.writeUInt32BE(Bun.hash.crc32(body));
    return Buffer.concat([length, body, sum]);
  };
  const image = chunk("IDAT", deflateSync(Buffer.concat(rows), { level: 0 }));
  return Buffer.concat([
    Buffer.from("89504e470d0a1a0a", "hex"),
    chunk("IHDR", header),
    image,
    chunk("IEND", Buffer.of()),
  ]);
}

describe("requests to engines, through nginx and a host with Workers", () => {
  let platform: Platform;
  let client: ShopClient;
  let token: string;
  let delivery: string;
  beforeAll(async () => {
    platform = await startPlatform({ command: PROGRAM, plugins: "/nonexistent" });
    client = new ShopClient(await shopWith(platform, "porta", "admin"));
    token = await client.login();
    const product = await client.post("/api/v1/products", { name: "Brita", unit: "M3", base_price: "90.00" });
    const customer = await client.post("/api/v1/customers", { kind: "individual", name: "Rosa" });
    const items = [{ product_id: product.id, quantity: "1" }];
    const order = await client.post("/api/v1/orders", { customer_id: customer.id, items });
    for (const status of ["preparing", "out_for_delivery"]) {
      await client.post(`/api/v1/orders/${order.id}/status`, { status }, 200);
    }
    delivery = `/api/v1/engines/delivery/deliveries/${order.id}`;
    const out = async () => (await client.get(delivery).catch(() => undefined))?.status === "out_for_delivery";
    await until(out, { what: "the engine to hear of the order" });
  }, 90_000);

  /** Past nginx, whose own limits would answer first. */
  const send = async (path: string, body: string | ReadableStream, authorization = `Bearer ${token}`) =>
    await fetch(`http://127.0.0.1:${platform.ports.engines}${path}`, {
      method: "POST",
      headers: { authorization, "x-tenant-slug": "porta", "content-type": "application/json" },
      body,
    });

  test("a proof with two pictures of almost 2 MB is taken and given back", async () => {
    const [photo, signature] = [noisyPng(), noisyPng()];
    expect(photo.length).toBeGreaterThan(2_090_000);
    expect(photo.length).toBeLessThanOrEqual(2 * 1024 * 1024);
    const proof = {
      recipient_name: "Rosa",
      photo: photo.toString("base64"),
      signature: `data:image/png;base64,${signature.toString("base64")}`,
    };
    await client.post(`${delivery}/proof`, proof);
    expect((await client.get(delivery)).proof).toMatchObject(proof);
  }, 60_000);

  test("what is longer than the route says is refused unread, as is a stranger's", async () => {
    const photo = "A".repeat(6_000_000);
    const large = JSON.stringify({ recipient_name: "Rosa", photo });
    expect((await send(`${delivery}/proof`, large)).status).toBe(413);
    expect((await send(`${delivery}/proof`, large.slice(0, 3_000_000), "Bearer nobody")).status).toBe(401);
    const untold = new Blob([large]).stream();
    expect((await send(`${delivery}/proof`, untold)).status).toBe(413);
  });

  test("other routes take no more than before, whether or not a body says how long it is", async () => {
    const description = "A".repeat(1_100_000);
    const large = JSON.stringify({ kind: "other", description });
    expect((await send(`${delivery}/occurrences`, large)).status).toBe(413);
    expect((await send(`${delivery}/occurrences`, new Blob([large]).stream())).status).toBe(413);
    expect((await send(`${delivery}/proof/more`, large)).status).toBe(413);
  });

  test("a POST under one Idempotency-Key is done once, also when it comes twice at once", async () => {
    const trouble = { kind: "missing_item", description: "one sack" };
    const post = (body: typeof trouble, status: number | number[], key: string) =>
      client.post(`${delivery}/occurrences`, body, status, key);
    const answers = await Promise.all(Array.from({ length: 4 }, () => post(trouble, 201, "sack-1")));
    expect(new Set(answers.map(({ id }) => id)).size).toBe(1);
    expect((await client.get(delivery)).occurrences).toHaveLength(1);
    await post({ ...trouble, description: "another" }, 422, "sack-1");
    await post({ ...trouble, description: " " }, 422, "sack-2");
    await post(trouble, 201, "sack-2");
    expect((await client.get(delivery)).occurrences).toHaveLength(2);
  });

  test("a key of one shop is nothing to another, and no engine's role sees what was answered", async () => {
    const neighbour = new ShopClient(await shopWith(platform, "vizinha", "admin"));
    await neighbour.login();
    await neighbour.post("/api/v1/engines/delivery/plan-routes", { date: "2026-03-02" }, 200, "sack-1");
    const engines = new PostgresDatabase({ url: platform.database.urls.engines, application_name: "test", max: 1 });
    const look = engines.transaction({ role: "engine_delivery" }, (tx) =>
      tx.query("select * from engine_request_keys"),
    );
    await expect(look).rejects.toThrow("permission denied");
    await engines.close();
  });

  test("a value no database can hold is the client's fault, not the server's", async () => {
    await client.get("/api/v1/engines/delivery/performance?from=0000-01-01", 422);
    await client.get("/api/v1/engines/delivery/deliveries?date=0000-12-31", 422);
  });
});
