import type { Counter, Gauge } from "prom-client";
import type { Metrics } from "../platform/observability/metrics.ts";

export interface RelayMetrics {
  active: Gauge;
  head: Gauge;
  room: Gauge;
  observed: Gauge;
  settled: Gauge;
  published: Counter;
  refilled: Counter;
  divergences: Counter;
  failures: Counter;
  lag_events: Gauge;
  lag_seconds: Gauge;
  wal_archive_failing: Gauge;
  engine_stopped: Gauge<"engine">;
  stream_entries: Gauge<"stream" | "partition">;
  stream_bytes: Gauge<"stream" | "partition">;
}

const PARTITION = ["stream", "partition"] as const;

export function relayMetrics(metrics: Metrics): RelayMetrics {
  return {
    active: metrics.gauge("basecommerce_relay_active", "1 while this relay publishes, 0 while it stands by"),
    head: metrics.gauge("basecommerce_ledger_head_seq", "Newest seq the ledger handed out"),
    room: metrics.gauge("basecommerce_ledger_room_seqs", "Seqs left in the ranges that are made"),
    observed: metrics.gauge(
      "basecommerce_relay_observed_timestamp_seconds",
      "When ledger, lag and streams were last looked at, since 1970",
    ),
    settled: metrics.gauge("basecommerce_relay_settled_seq", "Everything up to this seq is published"),
    published: metrics.counter("basecommerce_relay_published_total", "Events published to the streams"),
    refilled: metrics.counter("basecommerce_relay_refilled_total", "Events published again after a stream lost them"),
    divergences: metrics.counter(
      "basecommerce_relay_divergences_total",
      "Streams dropped because they disagreed with the ledger",
    ),
    failures: metrics.counter(
      "basecommerce_relay_failures_total",
      "Interruptions by an unreachable or failing dependency",
    ),
    lag_events: metrics.gauge("basecommerce_relay_lag_events", "Committed events that are not published yet"),
    lag_seconds: metrics.gauge("basecommerce_relay_lag_seconds", "Age of the oldest event that is not published yet"),
    wal_archive_failing: metrics.gauge(
      "basecommerce_wal_archive_failing",
      "1 while PostgreSQL cannot archive its write-ahead log; it keeps what it cannot archive",
    ),
    engine_stopped: metrics.gauge(
      "basecommerce_engine_stopped_seconds",
      "For how long an engine has worked on no host; 0 while it does",
      ["engine"],
    ),
    stream_entries: metrics.gauge("basecommerce_stream_entries", "Entries in a stream's partition", PARTITION),
    stream_bytes: metrics.gauge("basecommerce_stream_bytes", "Memory of a stream's partition", PARTITION),
  };
}
