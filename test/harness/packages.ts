import { readdirSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";

interface Program {
  /** Of Debian and Ubuntu. */
  package: string;
  /** Oldest major version that the platform supports. */
  atLeast: number;
}

const POSTGRES: Program = { package: "postgresql", atLeast: 15 };
const PROGRAMS = {
  postgres: POSTGRES,
  initdb: POSTGRES,
  psql: POSTGRES,
  pgbench: POSTGRES,
  pg_dump: POSTGRES,
  pg_restore: POSTGRES,
  "redis-server": { package: "redis-server", atLeast: 7 },
  "redis-benchmark": { package: "redis-tools", atLeast: 7 },
  nginx: { package: "nginx", atLeast: 1 },
  promtool: { package: "prometheus", atLeast: 2 },
  nft: { package: "nftables", atLeast: 1 },
  ip: { package: "iproute2", atLeast: 5 },
  pgbouncer: { package: "pgbouncer", atLeast: 1 },
  shellcheck: { package: "shellcheck", atLeast: 0 },
} satisfies Record<string, Program>;

export type ProgramName = keyof typeof PROGRAMS;

const INSTALLER = join(import.meta.dir, "../../infra/dev/install-packages.sh");

/** Path of a program that the tests or benchmarks run for real. Installs its package when it is missing and that is possible. */
export async function programPath(name: ProgramName): Promise<string> {
  return (await programPaths([name]))[name];
}

/** The same for several, with one installation for all that are missing. */
export async function programPaths<Name extends ProgramName>(names: readonly Name[]): Promise<Record<Name, string>> {
  const missing = names.filter((name) => find(name) === undefined);
  const obstacle = missing.length > 0 ? await install(missing) : undefined;
  const paths: Partial<Record<Name, string>> = {};
  for (const name of names) {
    const path = find(name);
    if (path === undefined) throw new Error(sentence(name, obstacle));
    paths[name] = path;
  }
  return paths as Record<Name, string>;
}

function sentence(name: ProgramName, obstacle: string | undefined): string {
  const program: Program = PROGRAMS[name];
  return (
    `${name} ${program.atLeast} or newer is needed and not there (${obstacle ?? "the package is too old"}): ` +
    `install it, on Debian and Ubuntu with \`apt-get install ${program.package}\``
  );
}

/** Says why it could not, if it could not. */
async function install(names: readonly ProgramName[]): Promise<string | undefined> {
  const packages = [...new Set(names.map((name) => PROGRAMS[name].package))];
  if (!Bun.which("apt-get")) return "nor is apt-get, which would install it";
  const root = process.getuid?.() === 0;
  if (!root && !passwordlessSudo()) return "installing it needs root or sudo without a password";
  process.stderr.write(`installing ${packages.join(", ")} (once)\n`);
  const command = [...(root ? [] : ["sudo", "-n"]), "sh", INSTALLER, ...packages];
  const run = Bun.spawn(command, { stdin: "ignore", stdout: "pipe", stderr: "pipe" });
  const [output, complaint] = await Promise.all([new Response(run.stdout).text(), new Response(run.stderr).text()]);
  if ((await run.exited) === 0) return undefined;
  process.stderr.write(output + complaint);
  return "installing it failed, see above";
}

function passwordlessSudo(): boolean {
  return Bun.which("sudo") !== null && Bun.spawnSync(["sudo", "-n", "true"]).exitCode === 0;
}

function find(name: ProgramName): string | undefined {
  for (const folder of foldersFor(name)) {
    const path = Bun.which(name, { PATH: folder });
    if (path && majorVersion(path) >= PROGRAMS[name].atLeast) return path;
  }
  return undefined;
}

/** Of PostgreSQL all programs from the folder of one server: a psql may be newer or older than the server beside it. */
function foldersFor(name: ProgramName): string[] {
  // Servers are in folders that only root has on its PATH.
  const path = [...(process.env.PATH ?? "").split(":"), "/usr/local/sbin", "/usr/sbin", "/sbin"].filter(Boolean);
  if (PROGRAMS[name] !== POSTGRES) return path;
  const serverOnPath = Bun.which("postgres", { PATH: path.join(":") });
  // Often a link, and the other programs are where it points.
  return [...(serverOnPath ? [dirname(realpathSync(serverOnPath))] : []), ...debianFolders(), ...configuredFolder()];
}

/** Debian keeps servers of several versions side by side and off the PATH; the newest comes first. */
function debianFolders(): string[] {
  const parent = "/usr/lib/postgresql";
  try {
    const versions = readdirSync(parent).filter((version) => /^\d+$/.test(version));
    return versions.sort((a, b) => Number(b) - Number(a)).map((version) => join(parent, version, "bin"));
  } catch {
    return [];
  }
}

function configuredFolder(): string[] {
  if (!Bun.which("pg_config")) return [];
  const run = Bun.spawnSync(["pg_config", "--bindir"]);
  return run.exitCode === 0 ? [run.stdout.toString().trim()] : [];
}

function majorVersion(path: string): number {
  // nginx says its version on stderr, and only to -v; ip only to -V.
  const flag = path.endsWith("nginx") ? "-v" : path.endsWith("/ip") ? "-V" : "--version";
  const run = Bun.spawnSync([path, flag]);
  return Number(/(\d+)\.\d/.exec(`${run.stdout}${run.stderr}`)?.[1] ?? 0);
}
