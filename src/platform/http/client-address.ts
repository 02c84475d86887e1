import { BlockList, isIP } from "node:net";

/** Finds whom a request comes from. Only proxies named here may say it is somebody else. */
export class ClientAddresses {
  readonly #trusted = new BlockList();
  readonly #any: boolean;

  /** `trusted_proxies`: addresses and CIDR ranges. Throws `TypeError` for anything else. */
  constructor(trusted_proxies: readonly string[] = []) {
    for (const entry of trusted_proxies) {
      const [address = "", prefix] = entry.split("/");
      const family = familyOf(address);
      if (!family || (prefix !== undefined && !/^\d{1,3}$/.test(prefix))) {
        throw new TypeError(`not an address or range: ${entry}`);
      }
      if (prefix === undefined) this.#trusted.addAddress(address, family);
      else this.#trusted.addSubnet(address, Number(prefix), family);
    }
    this.#any = trusted_proxies.length > 0;
  }

  /**
   * The socket's address, or, as far as each hop is trusted, what `X-Forwarded-For` says: read from the right, because
   * everything left of the first stranger is the stranger's own claim.
   */
  of(peer: string, forwarded_for: string | null): string {
    let client = plain(peer);
    if (!this.#any || forwarded_for === null) return client;
    const hops = forwarded_for.split(",");
    while (hops.length > 0 && this.#trusts(client)) {
      const hop = plain((hops.pop() ?? "").trim());
      if (isIP(hop) === 0) break;
      client = hop;
    }
    return client;
  }

  #trusts(address: string): boolean {
    const family = familyOf(address);
    return family !== undefined && this.#trusted.check(address, family);
  }
}

function familyOf(address: string): "ipv4" | "ipv6" | undefined {
  const version = isIP(address);
  return version === 4 ? "ipv4" : version === 6 ? "ipv6" : undefined;
}

/** An IPv4 client of a socket that speaks both is shown as `::ffff:192.0.2.1`. */
function plain(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/i, "");
}
