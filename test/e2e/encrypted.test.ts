import { beforeAll, describe, expect, test } from "bun:test";
import { type Certificate, selfSigned } from "../harness/certificate.ts";
import { type TestDatabase, testDatabase } from "../harness/database.ts";
import { temporaryFolder } from "../harness/folder.ts";
import { freePort } from "../harness/ports.ts";
import { startPostgres } from "../harness/postgres.ts";
import { PROGRAM, startProgram } from "../harness/program.ts";
import { type Redis, startRedis } from "../harness/redis.ts";
import { withSession } from "../harness/session.ts";
import { walkThePath } from "./path.ts";
import { SECRET_KEY, shopWith, startPlatform } from "./platform.ts";

// Only openssl makes the certificate.
describe.skipIf(Bun.which("openssl") === null)("PostgreSQL and Redis over TLS", () => {
  let tls: Certificate;
  let urls: TestDatabase["urls"];
  let redis: Redis;
  let port: number;

  beforeAll(async () => {
    tls = await selfSigned("IP:127.0.0.1");
    port = freePort();
    const files = ["--tls-cert-file", tls.certificate, "--tls-key-file", tls.key, "--tls-auth-clients", "no"];
    const [server, started] = await Promise.all([
      startPostgres({ tls }),
      startRedis({ args: ["--tls-port", String(port), ...files] }),
    ]);
    redis = started;
    const database = await testDatabase({ server });
    const { admin, owner, vertical, relay, engines } = database.urls;
    urls = {
      admin,
      owner: verified(owner),
      vertical: verified(vertical),
      relay: verified(relay),
      engines: verified(engines),
    };
  }, 60_000);

  const verified = (url: string) => `${url}?sslmode=verify-full`;
  const rediss = () => `rediss://127.0.0.1:${port}`;

  test("an order becomes an alert where only TLS is spoken", async () => {
    const env = { NODE_EXTRA_CA_CERTS: tls.certificate, REDIS_URL: rediss() };
    const launch = { command: PROGRAM, plugins: await temporaryFolder("plugins"), env };
    const platform = await startPlatform(launch, [], { database: { urls }, redis });
    await walkThePath(await shopWith(platform, "casa", "seller"));
    const sessions = await withSession(
      urls.admin,
      (sql) => sql`select usename, bool_and(s.ssl) as encrypted from pg_stat_ssl s join pg_stat_activity a using (pid)
                   where a.usename like 'basecommerce_%' group by usename order by usename`,
    );
    expect(sessions.map(({ usename, encrypted }) => `${usename} ${encrypted}`)).toEqual([
      "basecommerce_engines true",
      "basecommerce_relay true",
      "basecommerce_vertical true",
    ]);
  });

  test("a server whose certificate nobody vouches for is not spoken to, and the reason is said", async () => {
    const refused = async (env: Record<string, string>) => {
      const args = ["start", "--role", "relay"];
      return await startProgram({ command: PROGRAM, args, env: { HOST: "127.0.0.1", SECRET_KEY, ...env } }).exited;
    };
    const [other, unknown] = await Promise.all([
      refused({ DATABASE_URL: urls.relay, REDIS_URL: redis.url }),
      refused({ DATABASE_URL: urls.relay.replace("?sslmode=verify-full", ""), REDIS_URL: rediss() }),
    ]);
    expect(other).toMatchObject({
      code: 1,
      output: expect.stringContaining("(DATABASE_URL): self signed certificate"),
    });
    expect(unknown).toMatchObject({ code: 1, output: expect.stringContaining("(REDIS_URL): self signed certificate") });
  });
});
