import { freePort } from "./ports.ts";
import { type Redis, startRedis, withClient } from "./redis.ts";
import { until } from "./until.ts";

const SLOTS = 16_384;

export interface RedisCluster {
  nodes: readonly Redis[];
  urls: readonly string[];
  [Symbol.asyncDispose](): Promise<void>;
}

/** A Redis cluster of `count` masters that share the slots evenly. Returns when every node can serve. */
export async function startRedisCluster(count = 3): Promise<RedisCluster> {
  const members = await Promise.all(
    Array.from({ length: count }, async () => {
      const bus = freePort();
      const args = ["--cluster-enabled", "yes", "--cluster-node-timeout", "2000", "--cluster-port", `${bus}`];
      return { bus, node: await startRedis({ args }) };
    }),
  );
  const nodes = members.map(({ node }) => node);
  await Promise.all(
    nodes.map((node, index) =>
      withClient(node.url, async (client) => {
        const slots = [Math.floor((index * SLOTS) / count), Math.floor(((index + 1) * SLOTS) / count) - 1] as const;
        await client.cluster("ADDSLOTSRANGE", ...slots);
        // Equal epochs would have to be sorted out between the nodes first, which takes seconds.
        await client.cluster("SET-CONFIG-EPOCH", index + 1);
        for (const other of members) {
          if (other.node !== node) await client.cluster("MEET", "127.0.0.1", other.node.port, other.bus);
        }
      }),
    ),
  );
  await Promise.all(nodes.map((node) => until(() => serves(node, count), { what: `node ${node.port} to serve` })));
  return {
    nodes,
    urls: nodes.map(({ url }) => url),
    async [Symbol.asyncDispose]() {
      await Promise.all(nodes.map((node) => node[Symbol.asyncDispose]()));
    },
  };
}

/** True when `node` says that the whole cluster is up and can tell of every slot where it is, its own address included. */
async function serves(node: Redis, count: number): Promise<boolean> {
  return await withClient(node.url, async (client) => {
    const info = await client.cluster("INFO");
    const says = (line: string) => info.includes(`${line}\r`);
    if (!says("cluster_state:ok") || !says(`cluster_slots_ok:${SLOTS}`) || !says(`cluster_known_nodes:${count}`)) {
      return false;
    }
    const ranges = await client.cluster("SLOTS");
    const told = ranges.filter(([, , master]) => Array.isArray(master) && master[0] !== "");
    return told.reduce((sum, [from, to]) => sum + Number(to) - Number(from) + 1, 0) === SLOTS;
  });
}
