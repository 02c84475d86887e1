import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { BlockList, isIP } from "node:net";
import { settings } from "./settings.ts";

const TIMEOUT_MS = 10_000;

/** IANA's special-purpose addresses: this host, private, shared, link-local, documentation, benchmarks, multicast. */
const NOT_PUBLIC: readonly [string, number, "ipv4" | "ipv6"][] = [
  ["0.0.0.0", 8, "ipv4"],
  ["10.0.0.0", 8, "ipv4"],
  ["100.64.0.0", 10, "ipv4"],
  ["127.0.0.0", 8, "ipv4"],
  ["169.254.0.0", 16, "ipv4"],
  ["172.16.0.0", 12, "ipv4"],
  ["192.0.0.0", 24, "ipv4"],
  ["192.0.2.0", 24, "ipv4"],
  ["192.88.99.0", 24, "ipv4"],
  ["192.168.0.0", 16, "ipv4"],
  ["198.18.0.0", 15, "ipv4"],
  ["198.51.100.0", 24, "ipv4"],
  ["203.0.113.0", 24, "ipv4"],
  ["224.0.0.0", 3, "ipv4"],
  // Only 2000::/3 is handed out; what reaches IPv4 through it is refused too.
  ["::", 3, "ipv6"],
  ["2001::", 23, "ipv6"],
  ["2001:db8::", 32, "ipv6"],
  ["2002::", 16, "ipv6"],
  ["3fff::", 20, "ipv6"],
  ["4000::", 2, "ipv6"],
  ["8000::", 1, "ipv6"],
];

// One list for each family: an IPv4 address would also be looked for as the IPv6 address it is mapped to.
const notPublic = { ipv4: new BlockList(), ipv6: new BlockList() };
for (const [net, bits, family] of NOT_PUBLIC) notPublic[family].addSubnet(net, bits, family);

export function isPublic(address: string): boolean {
  const version = isIP(address);
  if (version === 0) return false;
  const family = version === 4 ? "ipv4" : "ipv6";
  return !notPublic[family].check(address, family);
}

/** What is wrong with a URL before anybody looked up its name; undefined when nothing is. */
export function refusalOf(text: string): string | undefined {
  if (!URL.canParse(text)) return "is not a URL";
  const { protocol, username, password, hostname } = new URL(text);
  if (protocol !== "https:" && protocol !== "http:") return "must be an http or https URL";
  if (username !== "" || password !== "") return "must not hold a user or a password";
  const address = hostname.replace(/^\[|\]$/g, "");
  if (!settings.value.allow_private_targets && isIP(address) !== 0 && !isPublic(address))
    return "must be a public address";
  return undefined;
}

/** What the receiver said, or why it could not be asked. */
export type Answer = { status: number; error: null } | { status: null; error: string };

/**
 * Posts once and follows no redirect: it would lead past every check. The name is looked up for the connection itself, so
 * what was checked is what is connected to, whatever the name's server says a moment later.
 */
export async function post(
  text: string,
  headers: Record<string, string>,
  body: string,
  signal: AbortSignal,
): Promise<Answer> {
  const refusal = refusalOf(text);
  if (refusal !== undefined) return { status: null, error: `the URL ${refusal}` };
  const url = new URL(text);
  const send = url.protocol === "https:" ? httpsRequest : httpRequest;
  const late = AbortSignal.timeout(TIMEOUT_MS);
  return await new Promise((resolve) => {
    const fail = ({ message }: Error) =>
      resolve({ status: null, error: late.aborted ? `no answer within ${TIMEOUT_MS / 1000} seconds` : message });
    const request = send(
      url,
      {
        method: "POST",
        headers: { ...headers, "content-length": Buffer.byteLength(body) },
        // A connection of its own: a kept one would skip the lookup.
        agent: false,
        signal: AbortSignal.any([signal, late]),
        lookup: (hostname, _options, callback) => {
          publicAddressesOf(hostname).then(
            (addresses) => callback(null, addresses),
            (error: Error) => callback(error, []),
          );
        },
      },
      (response) => {
        resolve({ status: response.statusCode ?? 0, error: null });
        response.destroy();
      },
    );
    request.on("error", fail);
    request.end(body);
  });
}

/**
 * All addresses of a name; refused when a single one is not public. Asked by c-ares: the system's lookup keeps one of a few
 * threads until the name's server answers, and a silent one would keep the names of every other shop waiting.
 */
async function publicAddressesOf(hostname: string) {
  const addresses = await Bun.dns.lookup(hostname, { backend: "c-ares" });
  if (!settings.value.allow_private_targets && !addresses.every(({ address }) => isPublic(address)))
    throw new Error(`${hostname} leads to an address that is not public`);
  return addresses;
}
