import { describe, expect, test } from "bun:test";
import { masterOf } from "./redis-nodes.ts";

/** A cluster's client that learns with its n-th look where slot 707 is. */
function learning(looks: number) {
  const slots: string[][] = [];
  return {
    slots,
    looks: 0,
    refreshSlotsCache(callback?: (error?: Error | null) => void) {
      if (++this.looks >= looks) slots[707] = ["127.0.0.1:7001", "127.0.0.1:7002"];
      setImmediate(() => callback?.());
    },
  };
}

describe("the node in charge of a slot", () => {
  test("is known without asking", async () => {
    const cluster = learning(1);
    cluster.slots[707] = ["127.0.0.1:7000"];
    expect(await masterOf(cluster, 707)).toBe("127.0.0.1:7000");
    expect(cluster.looks).toBe(0);
  });

  test("is asked for again when whoever was asked first did not know", async () => {
    expect(await masterOf(learning(1), 707)).toBe("127.0.0.1:7001");
  });

  test("is nobody when it is not known then", async () => {
    await expect(masterOf(learning(2), 707)).rejects.toThrow("no node of the Redis Cluster has slot 707");
  });
});
