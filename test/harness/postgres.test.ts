import { expect, test } from "bun:test";
import { startPostgres } from "./postgres.ts";
import { isAlive } from "./process-tree.ts";
import { withSession } from "./session.ts";

test("what is committed survives a kill and a restart; a killed server leaves no process", async () => {
  await using server = await startPostgres({ settings: { work_mem: "5MB" } });
  await server.createDatabase("kept");
  const url = server.url("kept");
  await withSession(url, async (sql) => {
    await sql`create table fact (n int)`;
    await sql`insert into fact values (1)`;
  });
  const { pid } = server;
  await server.kill();
  expect(isAlive(pid)).toBe(false);
  await server.start();
  await withSession(url, (sql) => sql`insert into fact values (2)`);
  await server.restart();
  const [row] = await withSession(
    url,
    (sql) => sql`select sum(n)::int as sum, current_setting('work_mem') as work_mem,
      current_setting('synchronous_commit') as durable, current_setting('jit') as jit from fact`,
  );
  // The last from the shipped common.conf.
  expect(row).toEqual({ sum: 3, work_mem: "5MB", durable: "on", jit: "off" });
});

test("nobody gets in without the password, and a broken setting says what is wrong", async () => {
  await using server = await startPostgres();
  const stranger = withSession(server.url("postgres", "postgres", "guess"), (sql) => sql`select 1`);
  await expect(stranger).rejects.toThrow("password authentication failed");
  await expect(startPostgres({ settings: { shared_buffers: "nonsense" } })).rejects.toThrow(
    /invalid value for parameter "shared_buffers"/,
  );
});
