import { beforeAll, describe, expect, test } from "bun:test";
import { selfSigned } from "../../harness/certificate.ts";
import { type Edge, exchange, startEdge } from "../../harness/edge.ts";
import { freePort } from "../../harness/ports.ts";
import { type StandIn, startStandIn } from "./stand-in.ts";

const SHOP = "demo.basecommerce.example";

// Only openssl makes the certificate; the machine of an edge has it, as nginx is linked to it.
describe.skipIf(Bun.which("openssl") === null)("TLS at the edge", () => {
  let ca: string;
  let port: number;
  let server: StandIn;
  let edge: Edge;

  beforeAll(async () => {
    const made = await selfSigned("DNS:*.basecommerce.example");
    ca = await Bun.file(made.certificate).text();
    port = freePort();
    server = startStandIn("vertical");
    edge = await startEdge({
      verticals: [server.port],
      engines: [server.port],
      tls: { port, ...made },
    });
  });

  const get = async (host: string) => {
    return await fetch(`https://127.0.0.1:${port}/auth/me`, {
      headers: { host },
      tls: { ca, checkServerIdentity: () => undefined },
    });
  };

  test("a shop is served, told that it is https, and asks browsers to stay with it", async () => {
    const answer = await get(SHOP);
    expect(answer.headers.get("strict-transport-security")).toBe("max-age=63072000; includeSubDomains");
    expect(answer.headers.get("x-content-type-options")).toBe("nosniff");
    expect(await answer.json()).toMatchObject({ headers: { "x-tenant-slug": "demo", "x-forwarded-proto": "https" } });
  });

  test("an unknown host gets no answer", async () => {
    await expect(get("evil.com")).rejects.toThrow();
  });

  test("plain HTTP is sent to https with its method, and reaches no server", async () => {
    const before = server.arrived.length;
    const answer = await fetch(`http://127.0.0.1:${edge.port}/auth/login?x=1`, {
      method: "POST",
      headers: { host: SHOP },
      redirect: "manual",
    });
    expect(answer.status).toBe(308);
    expect(answer.headers.get("location")).toBe(`https://${SHOP}/auth/login?x=1`);
    expect(server.arrived.length).toBe(before);
  });

  test("plain HTTP for an unknown host gets no answer either", async () => {
    expect(await exchange(edge.port, "GET / HTTP/1.1\r\nHost: evil.com\r\nConnection: close\r\n\r\n")).toBe("");
  });
});
