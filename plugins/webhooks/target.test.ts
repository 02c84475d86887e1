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
  "64:ff9b::a00:1",
  "2002:a00:1::",
])("%s is not public", (address) => expect(isPublic(address)).toBe(false));

test.each(["8.8.8.8", "172.32.0.1", "2606:4700::1111"])("%s is one", (address) => expect(isPublic(address)).toBe(true));

const TYPE_A = 1;
const own = getServers();
let names: Bun.udp.Socket<"buffer">;
/** Addresses of `quick.example` that were asked for. */
let asked = 0;

/** A name server that says of `quick.example` that it is this machine, and nothing of any other name. */
beforeAll(async () => {
  names = await Bun.udpSocket({
    hostname: "127.0.0.1",
    socket: {
      data(socket, query, port, address) {
        if (!query.includes("quick")) return;
        // A question is the name, its end, its type and its class; an answer may point at the name by its offset of 12.
        const end = query.indexOf(0, 12) + 5;
        const is_a = query[end - 3] === TYPE_A;
        if (is_a) asked++;
        const head = [0x81, 0x80, 0, 1, 0, is_a ? 1 : 0, 0, 0, 0, 0];
        const answer = is_a ? [0xc0, 12, 0, TYPE_A, 0, 1, 0, 0, 0, 0, 0, 4, 127, 0, 0, 1] : [];
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
