import { operation } from "./operation.ts";

const tag = "Operation";
const type = "application/json";

export const HEALTH = operation("Whether the process runs", {
  tag,
  shopless: true,
  answers: { 200: { description: "It runs.", type, example: { status: "ok" } } },
});

export const READY = operation("Whether the process can do its work", {
  tag,
  shopless: true,
  description: "Each dependency by name; a finding that is ok may carry a warning in `detail`.",
  answers: {
    200: { description: "It can.", type, example: { status: "ok", checks: { database: { status: "ok" } } } },
    503: {
      description: "It cannot: it starts, it stops, or something it needs is not there.",
      type,
      example: {
        status: "unavailable",
        checks: { database: { status: "unavailable", detail: "no answer within 2000 ms" } },
      },
    },
  },
});

export const METRICS = operation("What the process measures", {
  tag,
  shopless: true,
  answers: {
    200: {
      description: "Prometheus text.",
      type: "text/plain",
      example: "# HELP process_cpu_seconds_total Total user and system CPU time spent in seconds.",
    },
  },
});
