import { expect } from "bun:test";
import { type Edge, startEdge } from "../../harness/edge.ts";
import { type Echo, type StandIn, startStandIn } from "./stand-in.ts";

export const SHOP = "demo.basecommerce.example";

/** A request of a client of the shop `demo`. */
export function get(edge: Edge, path: string, init: RequestInit & { headers?: Record<string, string> } = {}) {
  return fetch(`http://127.0.0.1:${edge.port}${path}`, { ...init, headers: { host: SHOP, ...init.headers } });
}

/** What reached the server behind. */
export async function echo(answer: Response): Promise<Echo> {
  expect(answer.status).toBe(200);
  return (await answer.json()) as Echo;
}

export interface Scene {
  edge: Edge;
  vertical: StandIn;
  engines: StandIn;
  /** Requests that came through so far. */
  arrived(): number;
}

/** One server of each kind behind the edge. */
export async function scene(): Promise<Scene> {
  const [vertical, engines] = [startStandIn("vertical"), startStandIn("engines")];
  const edge = await startEdge({ verticals: [vertical.port], engines: [engines.port] });
  return { edge, vertical, engines, arrived: () => vertical.arrived.length + engines.arrived.length };
}
