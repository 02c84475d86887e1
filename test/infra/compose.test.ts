import { describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "../harness/folder.ts";

const ROOT = join(import.meta.dir, "../..");

interface Service {
  image: string;
  build?: { context: string; target: string };
  entrypoint?: string[];
  command?: string[];
  environment?: Record<string, string>;
  ports?: string[];
  depends_on?: Record<string, { condition: string }>;
  networks?: string[] | Record<string, { ipv4_address?: string } | null>;
  volumes?: string[];
  healthcheck?: { test?: string[]; disable?: boolean };
  logging?: { driver: string; options: Record<string, string> };
  restart?: string;
  profiles?: string[];
  mem_limit?: string;
}

interface Compose {
  services: Record<string, Service>;
  volumes: Record<string, unknown>;
  networks: Record<string, unknown>;
}

const text = await Bun.file(join(ROOT, "docker-compose.yml")).text();
const compose = Bun.YAML.parse(text) as Compose;
const dockerfile = await Bun.file(join(ROOT, "Dockerfile")).text();
const images = [...dockerfile.matchAll(/^FROM (\S+) AS (\S+)$/gm)].map(([, , name]) => name);

function service(name: string): Service {
  const found = compose.services[name];
  if (!found) throw new Error(`no service ${name}`);
  return found;
}

describe("docker-compose.yml", () => {
  test("has the services of the platform on their ports; only the edge is open to the outside", () => {
    expect(Object.fromEntries(Object.entries(compose.services).map(([name, { ports = [] }]) => [name, ports]))).toEqual(
      {
        postgres: ["127.0.0.1:5432:5432"],
        redis: ["127.0.0.1:6379:6379"],
        migrate: [],
        vertical: ["127.0.0.1:8000:8000"],
        relay: ["127.0.0.1:8001:8001"],
        engines: ["127.0.0.1:8002:8002"],
        prune: [],
        dump: [],
        nginx: ["80:80"],
        prometheus: ["127.0.0.1:9090:9090"],
        grafana: ["127.0.0.1:3000:3000"],
      },
    );
  });

  const everyProcess = ["DATABASE_URL", "DATABASE_DIRECT_URL", "REDIS_URL", "HOST", "LOG_LEVEL"];
  const everyServer = [
    "SECRET_KEY",
    "ALGORITHM",
    "ACCESS_TOKEN_EXPIRE_MINUTES",
    "CORS_ORIGINS",
    "BASE_DOMAIN",
    "TRUSTED_PROXIES",
  ];
  test.each([
    ["migrate", everyProcess],
    ["relay", [...everyProcess, "RELAY_PORT", "STREAMS_MAX_MB"]],
    ["vertical", [...everyProcess, ...everyServer, "VERTICAL_PORT"]],
    ["engines", [...everyProcess, ...everyServer, "ENGINES_PORT", "PLUGINS_DIR"]],
    ["prune", ["DATABASE_URL", "EVENT_RETENTION_DAYS"]],
  ])("%s is given the settings it needs and no others", (name, settings) => {
    expect(Object.keys(service(name).environment ?? {}).sort()).toEqual([...settings].sort());
  });

  test.each([
    ["migrate", "basecommerce_owner"],
    ["vertical", "basecommerce_vertical"],
    ["relay", "basecommerce_relay"],
    ["engines", "basecommerce_engines"],
    ["prune", "basecommerce_owner"],
    ["dump", "basecommerce_owner"],
  ])("%s logs in as %s", async (name, login) => {
    const { DATABASE_URL, DATABASE_DIRECT_URL = DATABASE_URL } = service(name).environment ?? {};
    for (const url of [DATABASE_URL, DATABASE_DIRECT_URL]) expect(url).toStartWith(`postgres://${login}:\${`);
    expect(await Bun.file(join(ROOT, "infra/postgres/roles.sql")).text()).toContain(`alter role ${login} with login`);
  });

  test("no secret has a default: each is asked for by name", () => {
    const used = [...text.matchAll(/\$\{(\w*(?:SECRET|PASSWORD|KEY)\w*)([^}]*)\}/g)];
    expect(new Set(used.map(([, name]) => name))).toEqual(
      new Set([
        "SECRET_KEY",
        "POSTGRES_PASSWORD",
        "REDIS_PASSWORD",
        "OWNER_PASSWORD",
        "VERTICAL_PASSWORD",
        "RELAY_PASSWORD",
        "ENGINES_PASSWORD",
      ]),
    );
    for (const [, name, rest] of used) expect(`${name}${rest}`).toStartWith(`${name}:?`);
    const promised = /for name in ([A-Z_ ]+)\n/.exec(text)?.[1]?.trim().split(" ") ?? [];
    expect(new Set(promised)).toEqual(new Set(used.map(([, name]) => name ?? "")));
  });

  test("nothing starts before what it needs, and the schema is there before any role", () => {
    const needs = (name: string) =>
      Object.fromEntries(Object.entries(service(name).depends_on ?? {}).map(([on, { condition }]) => [on, condition]));
    expect(needs("migrate")).toEqual({ postgres: "service_healthy" });
    expect(needs("dump")).toEqual({ migrate: "service_completed_successfully", postgres: "service_healthy" });
    for (const role of ["vertical", "relay", "engines", "prune"]) {
      expect(needs(role)).toEqual({
        migrate: "service_completed_successfully",
        postgres: "service_healthy",
        redis: "service_healthy",
      });
    }
    expect(needs("nginx")).toEqual({ vertical: "service_healthy", engines: "service_healthy" });
    for (const name of ["postgres", "redis", "nginx"]) expect(service(name).healthcheck?.test).toBeDefined();
  });

  test("every service is bounded in memory and in logs, and all but the migration come back", () => {
    for (const [name, { mem_limit, logging, restart }] of Object.entries(compose.services)) {
      expect(mem_limit).toMatch(/^\d+m$/);
      expect(logging?.options).toEqual({ "max-size": "10m", "max-file": "5" });
      expect(restart).toBe(name === "migrate" ? "no" : "unless-stopped");
    }
  });

  test("what it mounts and builds is there", () => {
    for (const { volumes = [], build } of Object.values(compose.services)) {
      for (const [source = ""] of volumes.map((volume) => volume.split(":"))) {
        const known = source.startsWith("./") ? existsSync(join(ROOT, source)) : source in compose.volumes;
        expect({ source, known }).toEqual({ source, known: true });
      }
      if (build) expect(images).toContain(build.target);
    }
  });

  test("who comes by nginx is believed to be who nginx says, and nobody else", () => {
    const { networks = {} } = service("nginx");
    const address = Array.isArray(networks) ? undefined : networks.edge?.ipv4_address;
    for (const role of ["vertical", "engines"]) expect(service(role).environment?.TRUSTED_PROXIES).toBe(`${address}`);
  });

  test("streams leave Redis room for what else stands there", () => {
    const [, megabytes] = /maxmemory (\d+)mb/.exec(service("redis").command?.join(" ") ?? "") ?? [];
    expect(Number(service("relay").environment?.STREAMS_MAX_MB)).toBeLessThanOrEqual(Number(megabytes) / 2);
  });

  describe("what is done by the clock", () => {
    /** Runs a service's command with stand-ins for two programs until it has slept `sleeps` times; what those said. */
    async function rounds(name: string, sleeps: number, program: string, text: string): Promise<string[]> {
      const path = await temporaryFolder("rounds");
      const said = join(path, "said");
      await Bun.write(join(path, program), text);
      const command = (service(name).command?.join(" ") ?? "").replaceAll("$$", "$").replaceAll("/backup/", `${path}/`);
      const standIns = `
        basecommerce() { sh ${path}/basecommerce "$@"; }
        sleep() { echo "sleep $1" >> ${said}; [ $(grep -c ^sleep ${said}) -lt ${sleeps} ] || exit 0; }`;
      const env = { PATH: process.env.PATH ?? "", BACKUP_DIR: join(path, "backups"), SAID: said };
      await Bun.spawn(["sh", "-c", `${standIns}\n${command}`], { env, stderr: "ignore" }).exited;
      return (await Bun.file(said).text()).trim().split("\n");
    }

    test("the ledger is pruned each day, and sooner after a failure", async () => {
      expect(service("prune").entrypoint).toEqual(["sh", "-c"]);
      const failing = 'echo "$@" >> $SAID; [ $(grep -c prune $SAID) -ne 2 ]';
      expect(await rounds("prune", 3, "basecommerce", failing)).toEqual(
        ["1d", "1h", "1d"].flatMap((pause) => ["event prune", `sleep ${pause}`]),
      );
    });

    test("a backup is made when the newest is a day old, whenever that is", async () => {
      expect(service("dump").entrypoint).toEqual(["sh", "-c"]);
      const made = (age: string) =>
        `echo dump >> $SAID; mkdir -p "$BACKUP_DIR/2026$(grep -c dump $SAID)T0Z" && touch -d '${age}' "$BACKUP_DIR"/*`;
      expect(await rounds("dump", 3, "dump.sh", made("now"))).toEqual(["dump", "sleep 1h", "sleep 1h", "sleep 1h"]);
      expect(await rounds("dump", 2, "dump.sh", made("24 hours ago"))).toEqual([
        ...["dump", "sleep 1h", "dump", "sleep 1h"],
      ]);
      expect(await rounds("dump", 2, "dump.sh", "echo dump >> $SAID; exit 1")).toEqual([
        ...["dump", "sleep 1h", "dump", "sleep 1h"],
      ]);
    });
  });

  test("Prometheus and Grafana come up with the profile monitoring only, and what is watched has the name it has here", async () => {
    const inProfile = Object.entries(compose.services).filter(([, { profiles }]) => profiles?.includes("monitoring"));
    expect(inProfile.map(([name]) => name)).toEqual(["prometheus", "grafana"]);
    for (const role of ["vertical", "relay", "engines"]) {
      const targets = await Bun.file(join(ROOT, `infra/prometheus/targets/${role}.yml`)).text();
      const port = service(role).environment?.[`${role.toUpperCase()}_PORT`];
      expect(Bun.YAML.parse(targets)).toEqual([{ targets: [`${role}:${port}`] }]);
      const { networks } = service(role);
      expect(Array.isArray(networks) ? networks : Object.keys(networks ?? {})).toContain("data");
    }
    expect(service("prometheus").networks).toEqual(["data"]);
  });

  test("nginx.conf finds its servers by the names and ports they have here, at addresses that stay", async () => {
    const nginx = await Bun.file(join(ROOT, "infra/nginx/nginx.conf")).text();
    for (const [name, port] of [
      ["vertical", 8000],
      ["engines", 8002],
    ] as const) {
      expect(nginx).toContain(`server ${name}:${port} `);
      expect(service(name).environment?.[`${name.toUpperCase()}_PORT`]).toBe(String(port));
      const { networks = {} } = service(name);
      expect(Array.isArray(networks) ? undefined : networks.edge?.ipv4_address).toBeString();
    }
  });
});

describe("Dockerfile", () => {
  const bun = /^ARG BUN_VERSION=(.+)$/m.exec(dockerfile)?.[1];
  const stage = (name: string) => dockerfile.split(/^(?=FROM )/m).find((part) => part.includes(` AS ${name}\n`)) ?? "";

  test("builds with the very Bun that package.json names", async () => {
    const { packageManager } = (await Bun.file(join(ROOT, "package.json")).json()) as { packageManager: string };
    expect(packageManager).toBe(`bun@${bun}`);
  });

  test.each([
    ["basecommerce-construction", "vertical", 8000],
    ["basecommerce-engines", "engines", 8002],
  ])("%s starts the role %s and asks the binary itself whether it is well", (image, role, port) => {
    expect(stage(image)).toContain(`CMD ["start", "--role", "${role}"]`);
    expect(stage(image)).toContain(
      `CMD ["/usr/local/bin/basecommerce", "health", "--url", "http://127.0.0.1:${port}/health"]`,
    );
    expect(stage(image)).toContain(`EXPOSE ${port}`);
  });

  test("the images hold the binary and nothing of the build, and do not run as root", () => {
    const runtime = stage("runtime");
    expect(runtime).toMatch(/^USER [1-9]\d*:[1-9]\d*$/m);
    expect(runtime.match(/^COPY .*$/gm)).toEqual([
      "COPY --from=build --chown=0:0 --chmod=0755 /src/dist/basecommerce /usr/local/bin/basecommerce",
    ]);
    expect(dockerfile).not.toMatch(/apt-get|curl|ADD /);
  });

  test("the build is given all it copies, and neither secrets nor history", async () => {
    const rules = (await Bun.file(join(ROOT, ".dockerignore")).text()).split("\n").filter((l) => l && l[0] !== "#");
    expect(rules[0]).toBe("*");
    const kept = rules.filter((rule) => rule.startsWith("!")).map((rule) => rule.slice(1));
    const copied = stage("build")
      .match(/^COPY (package.*) \.\/$/m)?.[1]
      ?.split(" ") ?? ["nothing"];
    for (const path of [...copied, "src", "engines", "plugins", "infra/dev"]) expect(kept).toContain(path);
    expect(rules).toContain("**/.env*");
  });
});
