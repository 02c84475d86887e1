import { readdirSync, readFileSync, readlinkSync } from "node:fs";

interface ProcessState {
  parent: number;
  /** One letter of proc(5): R, S, T (stopped), Z (ended, not yet collected by its parent) … */
  state: string;
}

function stateOf(pid: number): ProcessState | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The name in parentheses may hold anything, blanks and parentheses too.
    const [state = "", parent] = text.slice(text.lastIndexOf(")") + 2).split(" ");
    return { state, parent: Number(parent) };
  } catch {
    return undefined;
  }
}

/** Descendants of `pid` that live, parents before children. Without /proc (macOS) none are known. */
export function descendants(pid: number): number[] {
  const children = new Map<number, number[]>();
  for (const entry of processes()) {
    const found = stateOf(entry);
    if (found && found.state !== "Z") children.set(found.parent, [...(children.get(found.parent) ?? []), entry]);
  }
  const result: number[] = [];
  for (let level = children.get(pid) ?? []; level.length > 0; level = level.flatMap((p) => children.get(p) ?? [])) {
    result.push(...level);
  }
  return result;
}

/** A process that has ended but that its parent has not collected counts as gone: it holds nothing any more. */
export function isAlive(pid: number): boolean {
  const found = stateOf(pid);
  if (found) return found.state !== "Z";
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Sends `signal` to those of `pids` that still are. */
export function signalAll(pids: readonly number[], signal: NodeJS.Signals): void {
  for (const pid of pids) {
    try {
      process.kill(pid, signal);
    } catch {
      // Gone in the meantime.
    }
  }
}

/** Every process of this machine whose working folder or command line is inside `folder`. */
export function processesIn(folder: string): number[] {
  return processes().filter((pid) => {
    try {
      return (
        readlinkSync(`/proc/${pid}/cwd`).startsWith(`${folder}/`) ||
        readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(`${folder}/`)
      );
    } catch {
      return false;
    }
  });
}

function processes(): number[] {
  try {
    return readdirSync("/proc").map(Number).filter(Number.isInteger);
  } catch {
    return [];
  }
}
