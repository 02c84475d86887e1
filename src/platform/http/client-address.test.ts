import { expect, test } from "bun:test";
import { ClientAddresses } from "./client-address.ts";

test("nobody is believed unless configured", () => {
  const addresses = new ClientAddresses();
  expect(addresses.of("203.0.113.9", "198.51.100.1")).toBe("203.0.113.9");
  expect(addresses.of("127.0.0.1", "198.51.100.1")).toBe("127.0.0.1");
});

test("a trusted proxy is believed, a stranger who sends the header is not", () => {
  const addresses = new ClientAddresses(["127.0.0.1", "10.0.0.0/8", "::1"]);
  expect(addresses.of("127.0.0.1", "198.51.100.1")).toBe("198.51.100.1");
  expect(addresses.of("::ffff:127.0.0.1", "198.51.100.1")).toBe("198.51.100.1");
  expect(addresses.of("::1", "2001:db8::7")).toBe("2001:db8::7");
  expect(addresses.of("203.0.113.9", "198.51.100.1")).toBe("203.0.113.9");
});

test("only hops of trusted proxies are skipped, whatever stands left of the first stranger", () => {
  const addresses = new ClientAddresses(["127.0.0.1", "10.0.0.0/8"]);
  expect(addresses.of("127.0.0.1", "1.1.1.1, 198.51.100.1, 10.1.2.3")).toBe("198.51.100.1");
  expect(addresses.of("127.0.0.1", "10.9.9.9, 10.1.2.3")).toBe("10.9.9.9");
});

test("rubbish in the header is not taken for an address", () => {
  const addresses = new ClientAddresses(["127.0.0.1"]);
  for (const header of ["", "unknown", "'; drop", "198.51.100.1,", "a".repeat(10_000)]) {
    expect(addresses.of("127.0.0.1", header)).toBe("127.0.0.1");
  }
});

test("a range that is none is refused", () => {
  for (const entry of ["", "proxy", "10.0.0.0/x", "10.0.0.0/99", "300.1.1.1"]) {
    expect(() => new ClientAddresses([entry])).toThrow();
  }
});
