import { afterAll, beforeAll, expect, test } from "bun:test";
import { getServers, setServers } from "node:dns";
import { settings } from "./settings.ts";
import { isPublic, post } from "./target.ts";

test.each([
  "10.1.2.3",
  "127.0.0.1",
  "169.254.169.254",
  "172.31.0.1",
  "192.168.1.1",
  "100.64.0.1",
  "0.0.0.0",
  "::1",
  "fe80::1",
  "fd00::1",
  "::ffff:10.0.0.1",
  "::ffff:7f00:1",
  "::127.0.0.1",
  "::",
  "fe80::1%eth0",
  "ff02::1",
  "2001::1",
  "255.255.255.255",
  "224.0.0.1",
  "nonsense",
  "64:ff9b::a00:1",
  "2002:a00:1::",
])("%s is not public", (address) => expect(isPublic(address)).toBe(false));

test.each(["8.8.8.8", "172.32.0.1", "2606:4700::1111"])("%s is one", (address) => expect(isPublic(address)).toBe(true));

const TYPE_A = 1;
const own = getServers();
let names: Bun.udp.Socket<"buffer">;
/** Addresses of `quick.example` that were asked for. */
let asked = 0;

/** Addresses by the first word of a name. */
const ADDRESSES: Record<string, readonly string[]> = {
  quick: ["127.0.0.1"],
  both: ["8.8.8.8", "127.0.0.1"],
  linked: ["1.1.1.1", "169.254.169.254"],
};

/** A name server that knows the names above and says nothing of any other. */
beforeAll(async () => {
  names = await Bun.udpSocket({
    hostname: "127.0.0.1",
    socket: {
      data(socket, query, port, address) {
        const name = query.subarray(13, 13 + (query[12] ?? 0)).toString();
        const addresses = ADDRESSES[name];
        if (!addresses) return;
        // A question is the name, its end, its type and its class; an answer may point at the name by its offset of 12.
        const end = query.indexOf(0, 12) + 5;
        const is_a = query[end - 3] === TYPE_A;
        if (is_a && name === "quick") asked++;
        const told = is_a ? addresses : [];
        const head = [0x81, 0x80, 0, 1, 0, told.length, 0, 0, 0, 0];
        const answer = told.flatMap((one) => [
          0xc0,
          12,
          0,
          TYPE_A,
          0,
          1,
          0,
          0,
          0,
          0,
          0,
          4,
          ...one.split(".").map(Number),
        ]);
        const question = query.subarray(12, end);
        socket.send(
          Buffer.concat([query.subarray(0, 2), Buffer.of(...head), question, Buffer.of(...answer)]),
          port,
          address,
        );
      },
    },
  });
  setServers([`127.0.0.1:${names.port}`]);
});
afterAll(() => {
  setServers(own);
  names.close();
});

test("names that nobody answers for keep no other waiting, and a name is looked up once for what it leads to", async () => {
  settings.take({ allow_private_targets: true });
  using receiver = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response(null, { status: 204 }) });
  const stop = new AbortController();
  const silent = Array.from({ length: 20 }, (_, n) => post(`http://silent-${n}.example/`, {}, "", stop.signal));
  const answer = await post(`http://quick.example:${receiver.port}/`, {}, "", AbortSignal.timeout(5000));
  expect(answer).toEqual({ status: 204, error: null });
  expect(asked).toBe(1);
  stop.abort();
  for (const { status } of await Promise.all(silent)) expect(status).toBeNull();
});

test("a name of this machine is refused without telling where it leads", async () => {
  settings.take({ allow_private_targets: false });
  const { error } = await post("http://quick.example/", {}, "", AbortSignal.timeout(5000));
  expect(error).toBe("quick.example leads to an address that is not public");
});

test.each(["both", "linked"])("%s: one address that is not public is one too many", async (name) => {
  settings.take({ allow_private_targets: false });
  const { error } = await post(`http://${name}.example/`, {}, "", AbortSignal.timeout(5000));
  expect(error).toBe(`${name}.example leads to an address that is not public`);
});

test.each([
  "http://127.1/",
  "http://0177.0.0.1/",
  "http://127.0.0.1./",
  "http://[::ffff:127.0.0.1]/",
  "http://[::ffff:a9fe:a9fe]/",
  "http://[fe80::1]/",
  "http://[fd12::1]/",
  "http://169.254.169.254/latest/meta-data/",
])("nothing is posted to %s, also when it was entered while that was allowed", async (url) => {
  settings.take({ allow_private_targets: false });
  const answer = await post(url, {}, "", AbortSignal.timeout(5000));
  expect(answer).toEqual({ status: null, error: "the URL must be a public address" });
});
