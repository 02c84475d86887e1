export interface Account {
  name: string;
  uid: number;
  gid: number;
}

/**
 * The account for programs that refuse to run as root, or must not: the first of `names` that exists. Undefined when this
 * process is not root, as then everything it starts runs under its own account.
 */
export function unprivilegedAccount(names: readonly string[] = ["nobody"]): Account | undefined {
  if (process.getuid?.() !== 0) return undefined;
  for (const name of names) {
    const uid = number(["id", "-u", name]);
    const gid = number(["id", "-g", name]);
    if (uid !== undefined && gid !== undefined) return { name, uid, gid };
  }
  throw new Error(`none of the accounts ${names.join(", ")} exists, and this may not run as root`);
}

function number(command: string[]): number | undefined {
  const run = Bun.spawnSync(command, { stderr: "ignore" });
  return run.exitCode === 0 ? Number(run.stdout.toString()) : undefined;
}

let bound: boolean | undefined;

/** `setpriv` of util-linux: other systems, and busybox, have none that knows the death signal. */
function setprivWorks(): boolean {
  bound ??=
    Bun.which("setpriv") !== null && Bun.spawnSync(["setpriv", "--pdeathsig", "KILL", "--", "true"]).exitCode === 0;
  return bound;
}

/**
 * `command` so that it runs under `account`, and is sent `deathSignal` by the kernel when the process that starts it dies:
 * a test process that is killed takes its servers with it.
 */
export function bindCommand(command: readonly string[], account: Account | undefined, deathSignal: string): string[] {
  if (!setprivWorks()) {
    if (account) throw new Error("running servers under another account needs setpriv of util-linux 2.33 or newer");
    return [...command];
  }
  const identity = account ? ["--reuid", `${account.uid}`, "--regid", `${account.gid}`, "--clear-groups"] : [];
  return ["setpriv", ...identity, "--pdeathsig", deathSignal, "--", ...command];
}
