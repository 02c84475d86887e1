import { readFileSync } from "node:fs";

const LOWEST = 10_000;
const taken = new Set<number>();

/**
 * A port of 127.0.0.1 that nobody listens on, and that this process has not been given before.
 *
 * Always below the range from which the kernel takes ports for outgoing connections. A client that keeps trying to reach a
 * server which a test has stopped would otherwise be given the server's own port some day, be connected to itself, and
 * keep the server from coming back.
 */
export function freePort(): number {
  const highest = firstEphemeral() - 1;
  for (let attempt = 0; attempt < 1000; attempt++) {
    const port = LOWEST + Math.floor(Math.random() * (highest - LOWEST + 1));
    if (taken.has(port) || !isFree(port)) continue;
    taken.add(port);
    return port;
  }
  throw new Error(`no free port between ${LOWEST} and ${highest} on 127.0.0.1`);
}

function isFree(port: number): boolean {
  try {
    Bun.listen({ hostname: "127.0.0.1", port, socket: { data: () => undefined } }).stop(true);
    return true;
  } catch {
    return false;
  }
}

function firstEphemeral(): number {
  try {
    const lowest = Number.parseInt(readFileSync("/proc/sys/net/ipv4/ip_local_port_range", "utf8"), 10);
    // A machine tuned to use nearly all ports for clients leaves no range below; then any will have to do.
    return lowest > LOWEST + 5_000 ? lowest : 60_000;
  } catch {
    return 32_768;
  }
}
