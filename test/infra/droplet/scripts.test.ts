import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { programPath } from "../../harness/packages.ts";
import { dryRun, onMachine, SETTINGS } from "./machine.ts";

const INFRA = join(import.meta.dir, "../../../infra");
const SCRIPTS = ["database", "edge", "vertical", "engines"];
const SECRETS = Object.entries(SETTINGS).filter(([name]) => /PASSWORD|KEY|TOKEN/.test(name));

const setUp = (name: string) => `cd /tmp/project; sh infra/droplet/${name}.sh droplet.env`;

/** What stands between two marks of the output. */
const part = (output: string, mark: string) =>
  output
    .split(/^== /m)
    .find((text) => text.startsWith(`${mark}\n`))
    ?.slice(mark.length)
    .trim() ?? "";

test("shellcheck finds nothing in any script that an operator runs", async () => {
  const scripts = [...new Bun.Glob("**/*.sh").scanSync({ cwd: INFRA })].sort();
  expect(scripts).toContain("droplet/steps.sh");
  const shellcheck = Bun.spawn([await programPath("shellcheck"), "-x", ...scripts.map((path) => `infra/${path}`)], {
    cwd: join(INFRA, ".."),
    stdout: "pipe",
  });
  expect(await new Response(shellcheck.stdout).text()).toBe("");
  expect(await shellcheck.exited).toBe(0);
}, 120_000);

test("the example names every setting that a script reads, and holds no secret", async () => {
  const example = await Bun.file(join(INFRA, "droplet/droplet.env.example")).text();
  for (const name of Object.keys(SETTINGS)) expect(example).toMatch(new RegExp(`^${name}=`, "m"));
  for (const [name] of SECRETS) expect(example).toContain(`${name}=""`);
});

const login = (role: string, ...statements: string[]) => {
  const secret = SETTINGS[`${role.toUpperCase()}_PASSWORD`];
  const commands = statements.map((statement) => `-c '${statement}'`).join(" ");
  return `PGPASSWORD=${secret} psql -XqAt -h 10.10.0.4 -U basecommerce_${role} ${commands} basecommerce 2>&1 || :`;
};

const ANOTHER_VERTICAL = `: > /run/stand-in/log; sed -i 's/10.10.0.13/10.10.0.13 10.10.0.14/' droplet.env`;

/** What is to be seen on a droplet beyond what all have: commands, and what their output must be. */
const FURTHER: Record<string, { commands: string; check: (output: string) => void }> = {
  database: {
    commands: `
      echo '== vertical'; ${login("vertical", "show archive_mode", "show max_connections", "show server_encoding")}
      echo '== engines'; ${login("engines", "select 1")}
      echo '== redis'; redis-cli -h 10.10.0.4 ping
      REDISCLI_AUTH=${SETTINGS.REDIS_PASSWORD} redis-cli -h 10.10.0.4 config get maxmemory
      ${ANOTHER_VERTICAL}; echo '== another vertical'; sh infra/droplet/database.sh droplet.env; cat /run/stand-in/log`,
    check(output) {
      expect(part(output, "vertical")).toBe("on\n60\nUTF8");
      // Each login from where its role runs, and from nowhere else.
      expect(part(output, "engines")).toContain("no pg_hba.conf entry");
      expect(part(output, "redis")).toStartWith("NOAUTH");
      expect(part(output, "redis")).toEndWith(String(64 * 1024 * 1024));
      // Nobody's session is cut for it.
      expect(part(output, "another vertical").split("\n")).toEqual([
        "write /etc/nftables.conf",
        "start nftables anew",
        expect.stringMatching(/^write .*pg_hba.conf$/),
        "take over pg_hba.conf",
        "restart nftables",
        expect.stringMatching(/^reload postgresql@\d+-main$/),
      ]);
    },
  },
  edge: {
    commands: `
      ${ANOTHER_VERTICAL}; sh infra/droplet/edge.sh droplet.env >/dev/null
      echo '== log'; cat /run/stand-in/log; echo '== config'; nginx -T 2>/dev/null`,
    check(output) {
      // No request is lost for it.
      expect(part(output, "log")).toBe("reload nginx");
      const config = part(output, "config");
      expect(config.match(/^ *server [\d.]+:\d+/gm)?.map((line) => line.trim())).toEqual([
        ...["10.10.0.4", "10.10.0.13", "10.10.0.14"].map((address) => `server ${address}:8000`),
        "server 10.10.0.22:8002",
      ]);
      expect(config).toContain("shops\\.example\\.org");
    },
  },
};

describe.each(SCRIPTS)("%s.sh", (name) => {
  test("sets a machine up; the second run changes nothing; the firewall is shut but for what is needed", async () => {
    const further = FURTHER[name];
    const { code, output } = await onMachine(`set -e; ${setUp(name)}
      snapshot > /tmp/first; echo '== second'; sh infra/droplet/${name}.sh droplet.env; snapshot > /tmp/second
      echo '== difference'; diff /tmp/first /tmp/second || :
      echo '== secrets'; find /etc -xdev -name '*.env' -newer droplet.env -exec stat -c '%n %a %U' {} + | sort
      echo '== firewall'; nft list chain inet basecommerce input
      echo '== packages'; sort -u /run/stand-in/packages
      ${further?.commands ?? ""}`);
    expect({ code, output }).toEqual({ code: 0, output: expect.stringContaining("== packages") });
    expect(part(output, "second")).toBe("nothing to change");
    expect(part(output, "difference")).toBe("");
    expect(part(output, "packages")).toContain("unattended-upgrades");
    for (const [, secret] of SECRETS) expect(output).not.toContain(secret);
    const files = { database: ["owner"], edge: [], vertical: ["vertical"], engines: ["engines", "relay"] }[name] ?? [];
    expect(part(output, "secrets")).toBe(files.map((file) => `/etc/basecommerce/${file}.env 600 root`).join("\n"));
    const firewall = part(output, "firewall");
    expect(firewall).toContain("policy drop");
    const opened = [...firewall.matchAll(/^\s*(?:ip saddr (.*) )?tcp dport (.*) accept$/gm)].map(([, from, to]) => [
      from,
      to,
    ]);
    expect(opened).toEqual([
      ["{ 198.51.100.7, 203.0.113.0/24 }", "22"],
      ...({
        database: [["{ 10.10.0.4, 10.10.0.13, 10.10.0.22 }", "{ 5432, 6379 }"]],
        edge: [[undefined, "{ 80, 443 }"]],
        vertical: [["{ 10.10.0.10, 10.10.0.30 }", "8000"]],
        engines: [
          ["{ 10.10.0.10, 10.10.0.30 }", "8002"],
          ["10.10.0.30", "8001"],
        ],
      }[name] ?? []),
    ]);
    further?.check(output);
  }, 120_000);

  test("says with --dry-run what it would do, and no secret", async () => {
    const { code, output } = await dryRun(name);
    expect(code).toBe(0);
    for (const line of output.split("\n")) expect(line).toStartWith("would ");
    expect(output).toContain("would write /etc/nftables.conf");
    for (const [, secret] of SECRETS) expect(output).not.toContain(secret);
  });

  test("refuses with a sentence when a setting is missing or cannot be", async () => {
    const wrong: Record<string, string[]> = {
      database: ["VERTICAL_ADDRESSES", "RELAY_PASSWORD", "POSTGRES_SIZE"],
      edge: ["BASE_DOMAIN", "ENGINES_ADDRESSES"],
      vertical: ["EDGE_ADDRESSES", "SECRET_KEY"],
      engines: ["DATABASE_ADDRESS", "OPERATOR_TOKEN"],
    };
    for (const setting of wrong[name] ?? []) {
      for (const value of setting === "POSTGRES_SIZE" ? ["16gb"] : ["", "a'b/c d"]) {
        const { code, output } = await dryRun(name, { ...SETTINGS, [setting]: value });
        expect({ setting, value, code }).toEqual({ setting, value, code: 2 });
        expect(output.split("\n").at(-1)).toContain(setting);
      }
    }
  }, 30_000);
});
