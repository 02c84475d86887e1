import { ALGORITHMS, type Algorithm } from "../platform/auth/tokens.ts";
import { LOG_LEVELS, type LogLevel } from "../platform/observability/log.ts";
import { listOf, SETTINGS, type Setting, type SettingName } from "./settings.ts";

export const ROLES = ["vertical", "relay", "engines"] as const;
export type RoleName = (typeof ROLES)[number];

/** Everything that is wrong with a configuration, at once and by name, without any secret. */
export class ConfigError extends Error {
  readonly code = "config";
  readonly problems: readonly string[];
  constructor(problems: readonly string[]) {
    super(
      `the configuration has ${problems.length} problem(s):\n${problems.map((problem) => `  - ${problem}`).join("\n")}`,
    );
    this.problems = problems;
  }
}

/** What the program runs with: typed, checked, complete. */
export interface Config {
  roles: readonly RoleName[];
  /** Server parts, or the database and streams in this process under `data_dir`. */
  parts: { kind: "server"; database_url: string; redis_url: string } | { kind: "embedded"; data_dir: string };
  database_direct_url: string | undefined;
  database_pooled: boolean;
  database_pool: number;
  /** Absent only where no role needs it, or in embedded mode, which makes its own. */
  secret_key: string | undefined;
  /** Absent: operators have no HTTP here. */
  operator_token: string | undefined;
  algorithm: Algorithm;
  access_token_expire_minutes: number;
  cors_origins: readonly string[];
  base_domain: string;
  host: string;
  port: number;
  trusted_proxies: readonly string[];
  plugins_dir: string;
  /** Engines are loaded anew when their files change. */
  watch: boolean;
  requests_per_minute: number;
  stream_partitions: number;
  streams_max_mb: number;
  shutdown_seconds: number;
  drain_seconds: number;
  log_level: LogLevel;
  /** Where traces go and which share of them; absent when they go nowhere. */
  otlp: { endpoint: string; share: number } | undefined;
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** The text of each setting: the flag, or else the environment, or else the default. An empty variable is not set. */
export function settingTexts(flags: Environment, environment: Environment): Record<SettingName, string | undefined> {
  const text = (setting: Setting) => flags[setting.flag] ?? (environment[setting.env] || setting.default);
  return mapSettings((_, setting) => text(setting));
}

/** Builds the configuration of `start`; throws `ConfigError` with every problem. */
export function readConfig(roles_text: string, flags: Environment, environment: Environment): Config {
  const problems: string[] = [];
  const texts = settingTexts(flags, environment);
  mapSettings((name, setting) => {
    const text = texts[name];
    const problem = text === undefined || text === "" ? undefined : setting.check(text);
    if (problem !== undefined) problems.push(`${setting.env} (--${setting.flag}) ${problem}`);
    return problem;
  });
  const roles = rolesOf(roles_text, problems);
  const parts = partsOf(texts, roles, problems);
  const needs_secret = parts?.kind === "server" && roles.some((role) => role !== "relay");
  if (needs_secret && !texts.secret_key)
    problems.push("SECRET_KEY (--secret-key) is missing: make one with `openssl rand -hex 32`");
  const algorithm = ALGORITHMS.find((known) => known === texts.algorithm);
  const log_level = LOG_LEVELS.find((known) => known === texts.log_level);
  if (problems.length > 0 || !parts || !algorithm || !log_level) throw new ConfigError(problems);
  return {
    roles,
    parts,
    database_direct_url: texts.database_direct_url,
    database_pooled: texts.database_pooled === "true",
    database_pool: Number(texts.database_pool),
    secret_key: texts.secret_key,
    operator_token: texts.operator_token,
    algorithm,
    access_token_expire_minutes: Number(texts.access_token_expire_minutes),
    cors_origins: listOf(texts.cors_origins ?? ""),
    base_domain: texts.base_domain ?? "localhost",
    host: texts.host ?? "0.0.0.0",
    port: portOf(texts, roles),
    trusted_proxies: listOf(texts.trusted_proxies ?? ""),
    plugins_dir: texts.plugins_dir ?? "plugins",
    watch: false,
    requests_per_minute: Number(texts.requests_per_minute),
    stream_partitions: Number(texts.stream_partitions),
    streams_max_mb: Number(texts.streams_max_mb),
    shutdown_seconds: Number(texts.shutdown_seconds),
    drain_seconds: Number(texts.drain_seconds),
    log_level,
    otlp: texts.otel_exporter_otlp_endpoint
      ? { endpoint: texts.otel_exporter_otlp_endpoint, share: Number(texts.otel_traces_sampler_arg) }
      : undefined,
  };
}

function mapSettings<T>(of: (name: SettingName, setting: Setting) => T): Record<SettingName, T> {
  const entries = (Object.keys(SETTINGS) as SettingName[]).map((name) => [name, of(name, SETTINGS[name])]);
  return Object.fromEntries(entries);
}

function rolesOf(text: string, problems: string[]): RoleName[] {
  const names = listOf(text);
  const unknown = names.filter((name) => name !== "all" && !ROLES.some((role) => role === name));
  if (unknown.length > 0) problems.push(`--role ${unknown.join(", ")}: no such role (${ROLES.join(", ")}, all)`);
  if (names.length === 0) problems.push(`--role is empty: give ${ROLES.join(", ")} or all`);
  return ROLES.filter((role) => names.includes("all") || names.includes(role));
}

function partsOf(
  texts: Record<SettingName, string | undefined>,
  roles: readonly RoleName[],
  problems: string[],
): Config["parts"] | undefined {
  const { database_url, redis_url, data_dir } = texts;
  if (database_url && redis_url) return { kind: "server", database_url, redis_url };
  if (!database_url && !redis_url && roles.length === ROLES.length) {
    return { kind: "embedded", data_dir: data_dir ?? "data" };
  }
  const alone = roles.length === ROLES.length ? "" : "; only --role all runs without it";
  if (!database_url) problems.push(`DATABASE_URL (--database-url) is missing${alone}`);
  if (!redis_url) problems.push(`REDIS_URL (--redis-url) is missing${alone}`);
  return undefined;
}

function portOf(texts: Record<SettingName, string | undefined>, roles: readonly RoleName[]): number {
  const [only] = roles;
  if (roles.length === 1 && only === "relay") return Number(texts.relay_port);
  if (roles.length === 1 && only === "engines") return Number(texts.engines_port);
  return Number(texts.vertical_port);
}
