import { expect, test } from "bun:test";
import { jwt } from "@elysiajs/jwt";
import { AccessTokens } from "./tokens.ts";

const secret = "0123456789abcdef0123456789abcdef";
const claims = {
  sub: "019c5f3e-8f4b-7c1a-9d3e-2b6f1a0c4d5e",
  tenant_id: "019c5f3e-0000-7c1a-9d3e-2b6f1a0c4d5e",
  email: "ana@casaverde.example",
  role: "admin" as const,
  session_id: "019c5f3e-9a10-7b22-8c3d-4e5f6a7b8c9d",
};
const tokens = new AccessTokens({ secret, algorithm: "HS256", expire_minutes: 15 });
const soon = () => Math.floor(Date.now() / 1000) + 600;

/** A token made with the right secret by somebody who leaves something out or changes it. */
async function forged(changes: Record<string, unknown>, alg: "HS256" | "HS384" | "HS512" = "HS256"): Promise<string> {
  const { session_id, ...rest } = claims;
  const payload = {
    ...rest,
    iss: "basecommerce",
    aud: "basecommerce-api",
    jti: `${session_id}.x`,
    exp: soon(),
    ...changes,
  };
  const kept = Object.fromEntries(Object.entries(payload).filter(([, value]) => value !== undefined));
  return await jwt({ secret, alg }).decorator.jwt.sign(kept);
}

function payloadOf(token: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString());
}

test("a token says exactly what it must, and is read back", async () => {
  const token = await tokens.sign(claims);
  const payload = payloadOf(token);
  expect(Object.keys(payload).sort()).toEqual(
    ["sub", "tenant_id", "email", "role", "iss", "aud", "iat", "exp", "jti"].sort(),
  );
  expect(Number(payload.exp) - Number(payload.iat)).toBe(tokens.expires_in);
  expect(String(payload.jti)).toStartWith(claims.session_id);
  expect(await tokens.verify(token)).toEqual(claims);
  expect(await tokens.verify(token)).toEqual(claims);
  expect(payloadOf(await tokens.sign(claims)).jti).not.toBe(payload.jti);
});

test("the forged control is accepted, so that what follows is refused for its own reason", async () => {
  expect(await tokens.verify(await forged({}))).toEqual(claims);
});

test("another algorithm of the same family is refused although the secret is right", async () => {
  expect(await tokens.verify(await forged({}, "HS384"))).toBeUndefined();
  expect(await tokens.verify(await forged({}, "HS512"))).toBeUndefined();
});

test("a token without signature is refused", async () => {
  const [, payload] = (await forged({})).split(".");
  const none = Buffer.from('{"alg":"none","typ":"JWT"}').toString("base64url");
  expect(await tokens.verify(`${none}.${payload}.`)).toBeUndefined();
  expect(await tokens.verify("")).toBeUndefined();
  expect(await tokens.verify("a.b.c")).toBeUndefined();
});

test("every claim must be there and be ours", async () => {
  for (const name of ["sub", "tenant_id", "email", "role", "iss", "aud", "exp", "jti"]) {
    expect({ name, verified: await tokens.verify(await forged({ [name]: undefined })) }).toEqual({
      name,
      verified: undefined,
    });
  }
  expect(await tokens.verify(await forged({ iat: false }))).toBeUndefined();
  expect(await tokens.verify(await forged({ jti: 5 }))).toBeUndefined();
  const wrong = { iss: "somebody", aud: "another-api", role: "owner", jti: "no-session", tenant_id: "1" };
  for (const [name, value] of Object.entries(wrong)) {
    expect({ name, verified: await tokens.verify(await forged({ [name]: value })) }).toEqual({
      name,
      verified: undefined,
    });
  }
});

test("a token that has run out is refused, also one that was good when it was first seen", async () => {
  expect(await tokens.verify(await forged({ exp: Math.floor(Date.now() / 1000) - 1 }))).toBeUndefined();
  expect(await tokens.verify(await forged({ exp: 3600 }))).toBeUndefined();
  const now = Date.now;
  const token = await forged({});
  expect(await tokens.verify(token)).toEqual(claims);
  try {
    Date.now = () => now() + 601_000;
    expect(await tokens.verify(token)).toBeUndefined();
  } finally {
    Date.now = now;
  }
});

test("a token signed with another secret is refused", async () => {
  const others = new AccessTokens({ secret: `x${secret}`, algorithm: "HS256", expire_minutes: 15 });
  expect(await tokens.verify(await others.sign(claims))).toBeUndefined();
});

test("a secret that can be guessed is refused", () => {
  expect(() => new AccessTokens({ secret: "s", algorithm: "HS256", expire_minutes: 15 })).toThrow(RangeError);
});
