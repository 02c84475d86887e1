import type { Family } from "./family.ts";

/** By name; loaded when they run, so that a family alone does not load the peers of all others. */
export const families: Readonly<Record<string, () => Promise<Family>>> = {
  http: async () => (await import("./http.ts")).http,
  start: async () => (await import("./start.ts")).start,
  relay: async () => (await import("./relay.ts")).relay,
  "relay-choices": async () => (await import("./relay-choices.ts")).relayChoices,
  write: async () => (await import("./write.ts")).write,
  engine: async () => (await import("./engine.ts")).engine,
  trade: async () => (await import("./trade.ts")).trade,
  answers: async () => (await import("./answers.ts")).answers,
  growth: async () => (await import("./growth.ts")).growth,
  latency: async () => (await import("./latency.ts")).latency,
};
