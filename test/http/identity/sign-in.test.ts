import { beforeAll, describe, expect, test } from "bun:test";
import type { Database } from "../../../src/platform/database/database.ts";
import { VERTICAL } from "../../../src/platform/database/roles.ts";
import { LoginLimits } from "../../../src/platform/identity/index.ts";
import { until } from "../../harness/until.ts";
import { openDatabase, STARTING } from "../database.ts";
import { PASSWORD, ShopServer, type SignedIn } from "../shop-server.ts";

let database: Database;
let server: ShopServer;
let tenant_id: string;

beforeAll(async () => {
  database = await openDatabase();
  server = new ShopServer(database);
  tenant_id = await server.makeShop("casa-verde");
  await server.makeShop("outra");
  await server.makeUser(tenant_id, "Bia@casa-verde.example", "seller");
}, STARTING);

const login = (email: string, password: string, at = server) =>
  at.call<SignedIn & { type: string }>("POST", "/auth/login", { body: { email, password } });
const refresh = (refresh_token: string) => server.call<SignedIn>("POST", "/auth/refresh", { body: { refresh_token } });

describe("signing in", () => {
  test("gives tokens and the user, without the hash, whatever the case of the e-mail address", async () => {
    const answer = await login("BIA@casa-verde.example", PASSWORD);
    expect(answer.status).toBe(200);
    expect(answer.headers.get("cache-control")).toBe("no-store");
    expect(answer.body).toMatchObject({
      token_type: "Bearer",
      expires_in: 900,
      user: { role: "seller", active: true },
    });
    expect(JSON.stringify(answer.body)).not.toContain("argon2");
    const me = await server.call("GET", "/auth/me", { token: answer.body.access_token });
    expect(me).toMatchObject({ status: 200, body: { email: "Bia@casa-verde.example" } });
  });

  test("an unknown user, a wrong password and an inactive user look the same", async () => {
    const gone = await server.makeUser(tenant_id, "gone@casa-verde.example", "seller");
    await database.transaction({ role: VERTICAL, tenant_id }, (tx) =>
      tx.query("update users set active = false where id = $1", [gone.id]),
    );
    const answers = [
      await login("nobody@casa-verde.example", PASSWORD),
      await login("Bia@casa-verde.example", "wrong password"),
      await login("gone@casa-verde.example", PASSWORD),
      await login("admin@outra.example", PASSWORD),
    ];
    const shown = answers.map(({ status, body }) => JSON.stringify({ status, ...body, request_id: "" }));
    expect(new Set(shown).size).toBe(1);
    expect(answers[0]?.status).toBe(401);
  });

  test("the old password makes no session while another one is being set", async () => {
    const { id, email } = await server.makeUser(tenant_id, "meanwhile@casa-verde.example", "seller");
    const changed = Promise.withResolvers<void>();
    const commit = Promise.withResolvers<void>();
    const changing = database.transaction({ role: VERTICAL, tenant_id }, async (tx) => {
      await tx.query("update users set password_hash = 'another' where id = $1", [id]);
      changed.resolve();
      await commit.promise;
    });
    await changed.promise;
    const signing = login(email, PASSWORD);
    const waiting = "select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
    await until(async () => (await database.query(waiting)).length, {
      what: "the session to wait for the password",
      unless: signing,
    }).catch(() => undefined);
    commit.resolve();
    await changing;
    expect((await signing).status).toBe(401);
  });

  test("secrets are in no log line", async () => {
    server.lines.length = 0;
    const { access_token, refresh_token } = await server.login("Bia@casa-verde.example");
    await login("Bia@casa-verde.example", "wrong-and-secret");
    await refresh(refresh_token);
    await refresh(refresh_token);
    const log = server.lines.join("");
    expect(log).toContain("used again");
    for (const secret of [PASSWORD, "wrong-and-secret", access_token, refresh_token]) expect(log).not.toContain(secret);
  });

  test("only digests of refresh tokens are kept", async () => {
    const { refresh_token } = await server.login("Bia@casa-verde.example");
    const [, family = "", turn = ""] = refresh_token.split(".");
    const rows = await database.transaction({ role: VERTICAL, tenant_id }, (tx) => tx.query("select * from sessions"));
    expect(rows.length).toBeGreaterThan(0);
    const kept = JSON.stringify(rows);
    expect(kept).not.toContain(family);
    expect(kept).not.toContain(turn);
  });
});

describe("limits", () => {
  test("per account: after too many wrong ones even the right password waits, and a right one starts afresh", async () => {
    const at = new ShopServer(database, {
      limits: new LoginLimits(undefined, { per_account: 3, per_address: 100, window_seconds: 60 }),
    });
    for (const password of ["no", "no", PASSWORD, "no", "no", "no"]) {
      expect((await login("Bia@casa-verde.example", password, at)).status).toBe(password === PASSWORD ? 200 : 401);
    }
    const refused = await login("bia@CASA-verde.example", PASSWORD, at);
    expect(refused).toMatchObject({ status: 429, body: { type: "urn:basecommerce:problem:too_many_attempts" } });
    expect(Number(refused.headers.get("retry-after"))).toBeWithin(1, 61);
    expect((await login("admin@casa-verde.example", PASSWORD, at)).status).toBe(200);
  });

  test("an account that is none is limited as one that is", async () => {
    const at = new ShopServer(database, {
      limits: new LoginLimits(undefined, { per_account: 2, per_address: 100, window_seconds: 60 }),
    });
    const statuses = [];
    for (let i = 0; i < 3; i++) statuses.push((await login("nobody@casa-verde.example", "no", at)).status);
    expect(statuses).toEqual([401, 401, 429]);
  });

  test("per address, whatever the account; many at once are counted too", async () => {
    const at = new ShopServer(database, {
      limits: new LoginLimits(undefined, { per_account: 100, per_address: 5, window_seconds: 60 }),
    });
    const answers = await Promise.all(
      Array.from({ length: 12 }, (_, i) => login(`u${i}@casa-verde.example`, "no", at)),
    );
    expect(answers.filter(({ status }) => status === 401)).toHaveLength(5);
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(7);
  });
});

describe("refreshing", () => {
  test("gives new tokens each time; the session goes on", async () => {
    const first = await server.login("Bia@casa-verde.example");
    const second = await refresh(first.refresh_token);
    const third = await refresh(second.body.refresh_token);
    expect([second.status, third.status]).toEqual([200, 200]);
    expect(new Set([first, second.body, third.body].map(({ refresh_token }) => refresh_token)).size).toBe(3);
    for (const { access_token } of [first, second.body, third.body]) expect(await server.me(access_token)).toBe(200);
  });

  test("an old one used again ends the whole session, the newest tokens included", async () => {
    const first = await server.login("Bia@casa-verde.example");
    const other = await server.login("Bia@casa-verde.example");
    const second = await refresh(first.refresh_token);
    expect((await refresh(first.refresh_token)).status).toBe(401);
    expect((await refresh(second.body.refresh_token)).status).toBe(401);
    expect(await server.me(second.body.access_token)).toBe(401);
    expect(await server.me(other.access_token)).toBe(200);
  });

  test("of several at once with one token, at most one succeeds", async () => {
    const { refresh_token } = await server.login("Bia@casa-verde.example");
    const answers = await Promise.all(Array.from({ length: 5 }, () => refresh(refresh_token)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
  });

  test("whoever merely knows a session's id cannot end it", async () => {
    const { access_token, refresh_token } = await server.login("Bia@casa-verde.example");
    const [session_id, family = "", turn = ""] = refresh_token.split(".");
    const made = `${session_id}.${"A".repeat(family.length)}.${turn}`;
    for (const token of [made, "x", `${session_id}.x.y`, refresh_token.slice(1)]) {
      expect((await refresh(token)).status).toBe(401);
    }
    expect(await server.me(access_token)).toBe(200);
    expect((await refresh(refresh_token)).status).toBe(200);
  });

  test("another shop's refresh token is nothing here", async () => {
    const other = await server.login("admin@outra.example", PASSWORD, "outra");
    expect((await refresh(other.refresh_token)).status).toBe(401);
    expect(await server.me(other.access_token, "outra")).toBe(200);
  });

  test("a session that has run out is over", async () => {
    const { access_token, refresh_token } = await server.login("Bia@casa-verde.example");
    await database.transaction({ role: VERTICAL, tenant_id }, (tx) =>
      tx.query("update sessions set expires_at = now() - interval '1 second' where id = $1", [
        refresh_token.split(".")[0] ?? "",
      ]),
    );
    expect((await refresh(refresh_token)).status).toBe(401);
    expect(await server.me(access_token)).toBe(401);
  });
});

test("signing out ends the session and its tokens", async () => {
  const { access_token, refresh_token } = await server.login("Bia@casa-verde.example");
  expect(await server.me(access_token)).toBe(200);
  expect((await server.call("POST", "/auth/logout", { token: access_token })).status).toBe(204);
  expect(await server.me(access_token)).toBe(401);
  expect((await refresh(refresh_token)).status).toBe(401);
});

test("ended and superfluous sessions do not pile up", async () => {
  const user = await server.makeUser(tenant_id, "busy@casa-verde.example", "seller");
  const count = () =>
    database.transaction({ role: VERTICAL, tenant_id }, (tx) =>
      tx.query<{ n: number }>("select count(*)::integer as n from sessions where user_id = $1", [user.id]),
    );
  await database.transaction({ role: VERTICAL, tenant_id }, (tx) =>
    tx.query(
      `insert into sessions (tenant_id, id, user_id, family_digest, turn_digest, expires_at, revoked_at)
       select $1, gen_random_uuid(), $2, 'f', 't', now() + interval '1 day', case when n > 200 then now() end
       from generate_series(1, 300) n`,
      [tenant_id, user.id],
    ),
  );
  const { access_token } = await server.login("busy@casa-verde.example");
  expect(await count()).toEqual([{ n: 100 }]);
  expect(await server.me(access_token)).toBe(200);
});

describe("changing one's password", () => {
  test("ends the other sessions and leaves this one", async () => {
    await server.makeUser(tenant_id, "cai@casa-verde.example", "seller");
    const here = await server.login("cai@casa-verde.example");
    const there = await server.login("cai@casa-verde.example");
    const next = "another horse, another battery";
    const change = (current: string, wanted: string) =>
      server.call("POST", "/auth/password", { token: here.access_token, body: { current, new: wanted } });
    expect((await change("wrong password", next)).status).toBe(422);
    expect((await change(PASSWORD, "too short")).status).toBe(422);
    expect((await change(PASSWORD, "x".repeat(201))).status).toBe(422);
    expect(await server.me(there.access_token)).toBe(200);
    expect((await change(PASSWORD, next)).status).toBe(204);
    expect(await server.me(here.access_token)).toBe(200);
    expect(await server.me(there.access_token)).toBe(401);
    expect((await refresh(there.refresh_token)).status).toBe(401);
    expect((await login("cai@casa-verde.example", PASSWORD)).status).toBe(401);
    expect((await login("cai@casa-verde.example", next)).status).toBe(200);
  });
});
