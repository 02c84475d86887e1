/**
 * First-party engines that are part of the binary. Literal imports, because a compiled binary holds only what it can see
 * named; inside functions, because an engine's code is loaded where it runs and nowhere else.
 */
export const builtinEngines: Readonly<Record<string, () => Promise<unknown>>> = {
  delivery: async () => (await import("../../engines/delivery/engine.ts")).default,
  pricing: async () => (await import("../../engines/pricing/engine.ts")).default,
  sales: async () => (await import("../../engines/sales/engine.ts")).default,
  stock: async () => (await import("../../engines/stock/engine.ts")).default,
};
