import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import { version } from "../../../package.json" with { type: "json" };

/** How a pool of connections stands. */
export interface PoolUse {
  open: number;
  busy: number;
  /** Callers that wait for a connection. */
  waiting: number;
  max: number;
}

/** Of the default metrics: what only V8 can tell, and names that say counter of what is none. */
const MEANINGLESS = /^nodejs_(heap_space_|active_)/;

/** All metrics of this process. Names follow Prometheus' rules: base units, `_total` for counters. */
export class Metrics {
  readonly registry = new Registry();
  readonly http_request_duration_seconds = new Histogram({
    name: "http_request_duration_seconds",
    help: "Time from a request's arrival to its answer, by route and status",
    labelNames: ["method", "route", "status"] as const,
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
    registers: [this.registry],
  });

  readonly #pools = new Map<string, () => PoolUse>();

  constructor() {
    collectDefaultMetrics({ register: this.registry });
    for (const { name } of this.registry.getMetricsAsArray()) {
      if (MEANINGLESS.test(name)) this.registry.removeSingleMetric(name);
    }
    this.gauge("basecommerce_build_info", "1; what runs here stands in the labels", ["version", "bun"]).set(
      { version, bun: Bun.version },
      1,
    );
    this.#poolGauge("connections_open", "Connections to PostgreSQL", ({ open }) => open);
    this.#poolGauge("connections_busy", "Connections to PostgreSQL that are at work", ({ busy }) => busy);
    this.#poolGauge("connections_max", "Connections to PostgreSQL at most", ({ max }) => max);
    this.#poolGauge("waiting_callers", "Callers that wait for a connection to PostgreSQL", ({ waiting }) => waiting);
  }

  /** Tells from now on how the pool of a database role stands, asked anew at each scrape. */
  watchPool(role: string, use: () => PoolUse): void {
    this.#pools.set(role, use);
  }

  #poolGauge(name: string, help: string, of: (use: PoolUse) => number): void {
    this.gauge(`basecommerce_database_${name}`, help, ["role"], (gauge) => {
      for (const [role, use] of this.#pools) gauge.set({ role }, of(use()));
    });
  }

  counter<L extends string>(name: string, help: string, labelNames: readonly L[] = []): Counter<L> {
    return new Counter({ name, help, labelNames, registers: [this.registry] });
  }

  gauge<L extends string>(
    name: string,
    help: string,
    labelNames: readonly L[] = [],
    collect?: (gauge: Gauge<L>) => void | Promise<void>,
  ) {
    return new Gauge({
      name,
      help,
      labelNames,
      registers: [this.registry],
      ...(collect === undefined
        ? {}
        : {
            collect() {
              return collect(this);
            },
          }),
    });
  }

  histogram<L extends string>(name: string, help: string, labelNames: readonly L[], buckets: number[]): Histogram<L> {
    return new Histogram({ name, help, labelNames, buckets, registers: [this.registry] });
  }

  async text(): Promise<string> {
    return await this.registry.metrics();
  }
}
