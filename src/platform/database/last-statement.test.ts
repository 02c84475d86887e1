import { beforeAll, describe, expect, test } from "bun:test";
import { openEmbeddedStand, openStand, type Stand } from "../../../test/construction/stand.ts";

const INSERT = "insert into lease (name, owner, lease_until) values ($1, 'test', now())";

describe.each([
  ["postgres", openStand],
  ["embedded", openEmbeddedStand],
])("the last statement, %s", (_kind, open) => {
  let stand: Stand;
  beforeAll(async () => {
    stand = await open();
  }, 60_000);

  const leases = async () => (await stand.admin.query("select name from lease order by name")).map(({ name }) => name);

  test("commits with the rest", async () => {
    const answer = await stand.admin.transaction({}, async (tx) => {
      await tx.query(INSERT, ["first"]);
      tx.last(INSERT, ["second"]);
      return "done";
    });
    expect(answer).toBe("done");
    expect(await leases()).toEqual(["first", "second"]);
  });

  test("fails the transaction when it fails: nothing of it stays, and the connection goes on", async () => {
    const failing = stand.admin.transaction({}, async (tx) => {
      await tx.query(INSERT, ["third"]);
      tx.last(INSERT, ["first"]);
    });
    await expect(failing).rejects.toThrow("duplicate key");
    expect(await leases()).toEqual(["first", "second"]);
  });

  test("is the last", async () => {
    const late = stand.admin.transaction({}, async (tx) => {
      tx.last(INSERT, ["fourth"]);
      await tx.query("select 1");
    });
    await expect(late).rejects.toThrow("this transaction");
    expect(await leases()).toEqual(["first", "second"]);
  });

  test("may be several: they run in their order, and the first that fails is what is told", async () => {
    const failing = stand.admin.transaction({}, async (tx) => {
      tx.last(INSERT, ["sixth"]);
      tx.last(INSERT, ["first"]);
      tx.last(INSERT, ["seventh"]);
    });
    await expect(failing).rejects.toThrow("duplicate key");
    expect(await leases()).toEqual(["first", "second"]);
    await stand.admin.transaction({}, async (tx) => {
      tx.last(INSERT, ["eighth"]);
      tx.last("update lease set name = 'ninth' where name = $1", ["eighth"]);
    });
    expect(await leases()).toEqual(["first", "ninth", "second"]);
    await stand.admin.query("delete from lease where name = 'ninth'");
  });

  test("does not happen when the work fails after it", async () => {
    const failing = stand.admin.transaction({}, async (tx) => {
      tx.last(INSERT, ["fifth"]);
      throw new Error("changed my mind");
    });
    await expect(failing).rejects.toThrow("changed my mind");
    expect(await leases()).toEqual(["first", "second"]);
  });
});
