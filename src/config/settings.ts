import { ALGORITHMS } from "../platform/auth/tokens.ts";
import { LOG_LEVELS } from "../platform/observability/log.ts";

/** One setting: an environment variable and the flag that overrides it. */
export interface Setting {
  env: string;
  flag: string;
  /** Placeholder in the help. */
  value: string;
  help: string;
  /** Text as it would stand in the environment; none = not set. */
  default?: string;
  /** Its value must never be printed. */
  secret?: true;
  /** What is wrong with a given text; undefined when it is fine. Must not repeat a secret. */
  check: (text: string) => string | undefined;
}

/** Values that stand in examples: whoever signs with one of them signs with nothing. */
const SAMPLE_SECRETS = /^(change[-_ ]?me|secret|your[-_ ]?secret|supersecret|example|please[-_ ]?change|test)/i;

const isSample = (text: string) => SAMPLE_SECRETS.test(text) || new Set(text).size < 8;

const url =
  (...protocols: string[]) =>
  (text: string) => {
    const parts = text.split(",").map((part) => (URL.canParse(part.trim()) ? new URL(part.trim()) : undefined));
    return parts.every((part) => part && protocols.includes(part.protocol))
      ? undefined
      : `must be a URL that begins with ${protocols.map((protocol) => `${protocol}//`).join(" or ")}`;
  };
const integer = (min: number, max: number) => (text: string) =>
  /^\d+$/.test(text) && Number(text) >= min && Number(text) <= max
    ? undefined
    : `must be an integer from ${min} to ${max}`;
const oneOf =
  (...values: readonly string[]) =>
  (text: string) =>
    values.includes(text) ? undefined : `must be one of ${values.join(", ")}`;
const any = () => undefined;

/** Every setting of the program, in the order of the help. */
export const SETTINGS = {
  database_url: {
    env: "DATABASE_URL",
    flag: "database-url",
    value: "url",
    help: "PostgreSQL 15+; without it and REDIS_URL, `--role all` runs embedded",
    secret: true,
    check: url("postgres:", "postgresql:"),
  },
  database_direct_url: {
    env: "DATABASE_DIRECT_URL",
    flag: "database-direct-url",
    value: "url",
    help: "the same database beside a transaction pool, for migrations and installations",
    secret: true,
    check: url("postgres:", "postgresql:"),
  },
  database_pooled: {
    env: "DATABASE_POOLED",
    flag: "database-pooled",
    value: "true|false",
    help: "DATABASE_URL leads through a transaction pool (PgBouncer): no prepared statements",
    default: "false",
    check: oneOf("true", "false"),
  },
  redis_url: {
    env: "REDIS_URL",
    flag: "redis-url",
    value: "url",
    help: "Redis 7+ with append-only on and maxmemory-policy noeviction",
    secret: true,
    check: url("redis:", "rediss:"),
  },
  secret_key: {
    env: "SECRET_KEY",
    flag: "secret-key",
    value: "text",
    help: "signs access tokens; 32 bytes or more, the same for verticals and engines",
    secret: true,
    check: (text: string) => {
      if (Buffer.byteLength(text) < 32) return "must have 32 bytes or more, e.g. from `openssl rand -hex 32`";
      return isSample(text) ? "is a sample value; make one with `openssl rand -hex 32`" : undefined;
    },
  },
  operator_token: {
    env: "OPERATOR_TOKEN",
    flag: "operator-token",
    value: "text",
    help: "opens /api/v1/operator on engine hosts; 32 characters or more, closed without it",
    secret: true,
    check: (text: string) => {
      if (text.length < 32) return "must have 32 characters or more, e.g. from `openssl rand -hex 32`";
      return isSample(text) ? "is a sample value; make one with `openssl rand -hex 32`" : undefined;
    },
  },
  algorithm: {
    env: "ALGORITHM",
    flag: "algorithm",
    value: ALGORITHMS.join("|"),
    help: "signature of access tokens",
    default: "HS256",
    check: oneOf(...ALGORITHMS),
  },
  access_token_expire_minutes: {
    env: "ACCESS_TOKEN_EXPIRE_MINUTES",
    flag: "access-token-expire-minutes",
    value: "minutes",
    help: "life of an access token",
    default: "1440",
    check: integer(1, 60 * 24 * 365),
  },
  cors_origins: {
    env: "CORS_ORIGINS",
    flag: "cors-origins",
    value: "list",
    help: "origins that browsers may call from, by comma; none unless given",
    default: "",
    check: (text: string) => {
      const wrong = listOf(text).filter((origin) => !URL.canParse(origin) || new URL(origin).origin !== origin);
      return wrong.length === 0 ? undefined : `must be origins such as https://shop.example (${wrong.join(", ")})`;
    },
  },
  base_domain: {
    env: "BASE_DOMAIN",
    flag: "base-domain",
    value: "domain",
    help: "domain whose subdomains are the shops",
    default: "localhost",
    check: (text: string) => (/^[a-z0-9.-]{3,253}$/.test(text) ? undefined : "must be a domain name in lower case"),
  },
  host: {
    env: "HOST",
    flag: "host",
    value: "address",
    help: "address to listen on",
    default: "0.0.0.0",
    check: any,
  },
  vertical_port: {
    env: "VERTICAL_PORT",
    flag: "vertical-port",
    value: "port",
    help: "port of the vertical, and of several roles in one process",
    default: "8000",
    check: integer(0, 65_535),
  },
  relay_port: {
    env: "RELAY_PORT",
    flag: "relay-port",
    value: "port",
    help: "port of a relay alone: health, ready, metrics",
    default: "8001",
    check: integer(0, 65_535),
  },
  engines_port: {
    env: "ENGINES_PORT",
    flag: "engines-port",
    value: "port",
    help: "port of an engine host alone",
    default: "8002",
    check: integer(0, 65_535),
  },
  trusted_proxies: {
    env: "TRUSTED_PROXIES",
    flag: "trusted-proxies",
    value: "list",
    help: "addresses whose X-Forwarded-For is believed, by comma",
    default: "",
    check: any,
  },
  plugins_dir: {
    env: "PLUGINS_DIR",
    flag: "plugins",
    value: "folder",
    help: "folder of drop-in engines, one folder each",
    default: "plugins",
    check: any,
  },
  data_dir: {
    env: "DATA_DIR",
    flag: "data",
    value: "folder",
    help: "files of the embedded mode",
    default: "data",
    check: any,
  },
  requests_per_minute: {
    env: "REQUESTS_PER_MINUTE",
    flag: "requests-per-minute",
    value: "count",
    help: "requests a shop may send to one process each minute",
    default: "60000",
    check: integer(60, 100_000_000),
  },
  stream_partitions: {
    env: "STREAM_PARTITIONS",
    flag: "stream-partitions",
    value: "count",
    help: "partitions of a stream; fixed when the stream is made",
    default: "16",
    check: integer(1, 1024),
  },
  streams_max_mb: {
    env: "STREAMS_MAX_MB",
    flag: "streams-max-mb",
    value: "megabytes",
    help: "memory all streams together may take in Redis; older entries are then read from the ledger",
    default: "256",
    check: integer(1, 1_000_000),
  },
  event_retention_days: {
    env: "EVENT_RETENTION_DAYS",
    flag: "event-retention-days",
    value: "days",
    help: "age from which `event prune` drops ranges of the ledger; 0 keeps everything",
    default: "0",
    check: integer(0, 36_500),
  },
  database_pool: {
    env: "DATABASE_POOL",
    flag: "database-pool",
    value: "count",
    help: "connections of a vertical to the database at most",
    default: "10",
    check: integer(1, 500),
  },
  shutdown_seconds: {
    env: "SHUTDOWN_SECONDS",
    flag: "shutdown-seconds",
    value: "seconds",
    help: "time to finish the work in hand after SIGTERM",
    default: "20",
    check: integer(1, 300),
  },
  drain_seconds: {
    env: "DRAIN_SECONDS",
    flag: "drain-seconds",
    value: "seconds",
    help: "time between /ready turning 503 and the port closing, for a proxy to look away",
    default: "3",
    check: integer(0, 60),
  },
  log_level: {
    env: "LOG_LEVEL",
    flag: "log-level",
    value: LOG_LEVELS.join("|"),
    help: "least severe lines that are written",
    default: "info",
    check: oneOf(...LOG_LEVELS),
  },
  otel_exporter_otlp_endpoint: {
    env: "OTEL_EXPORTER_OTLP_ENDPOINT",
    flag: "otlp-endpoint",
    value: "url",
    help: "collector that takes OpenTelemetry traces by OTLP over HTTP; none are made without it",
    check: url("http:", "https:"),
  },
  otel_traces_sampler_arg: {
    env: "OTEL_TRACES_SAMPLER_ARG",
    flag: "trace-share",
    value: "0–1",
    help: "share of the traces that are kept; one that a client began follows the client's decision",
    default: "1",
    check: (text: string) => (/^(0(\.\d+)?|1(\.0+)?)$/.test(text) ? undefined : "must be a number from 0 to 1"),
  },
} as const satisfies Record<string, Setting>;

export type SettingName = keyof typeof SETTINGS;

export function listOf(text: string): string[] {
  return text
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");
}
