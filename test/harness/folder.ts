import { chmod, mkdtemp, readFile, rm, statfs } from "node:fs/promises";
import { join } from "node:path";
import { whenDone } from "./cleanup.ts";

const GIB = 2 ** 30;

/** Where folders are made: set by test/run.ts, or by a benchmark that wants its servers on a certain disk. */
const { TEST_FOLDER: given } = process.env;

let root: Promise<string> | undefined;

/** A new folder `<name>` that is removed with all it holds when the test file is done, also if the process is killed. */
export async function temporaryFolder(name: string): Promise<string> {
  root ??= makeRoot();
  const folder = await mkdtemp(join(await root, `${name}-`));
  await chmod(folder, 0o755);
  return folder;
}

async function makeRoot(): Promise<string> {
  const folder = await mkdtemp(join(given ?? (await fastest()), "basecommerce-"));
  await chmod(folder, 0o755);
  const dismiss = keep(folder);
  whenDone(async () => {
    root = undefined;
    await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
    await dismiss();
  });
  return folder;
}

/**
 * In memory where there is plenty of it: a database has 350 files, and making them can take a second on a disk. Never in
 * TMPDIR: the path of a unix socket may have 107 bytes, and the account PostgreSQL runs under must be able to walk there.
 */
async function fastest(): Promise<string> {
  try {
    const { bavail, bsize } = await statfs("/dev/shm");
    const [, kibibytes = "0"] = /^MemAvailable: +(\d+)/m.exec(await readFile("/proc/meminfo", "utf8")) ?? [];
    // In a container its own limit counts.
    const available = Math.min(Number(kibibytes) * 1024, process.constrainedMemory() || Number.POSITIVE_INFINITY);
    if (bavail * bsize > 4 * GIB && available > 8 * GIB) return "/dev/shm";
  } catch {
    // Not Linux.
  }
  return "/tmp";
}

/**
 * Starts a shell that removes `folder` when this process is gone, however it went: nothing else would run then. It tries
 * for a while, as servers that are only just ending still write. Returns what ends it in the good case.
 */
export function keep(folder: string): () => Promise<void> {
  const script = `trap '' HUP INT TERM; cat >/dev/null; i=0
    until rm -rf -- "$1" 2>/dev/null || [ $i -ge 100 ]; do i=$((i + 1)); sleep 0.1; done`;
  const keeper = Bun.spawn(["sh", "-c", script, "keeper", folder], {
    stdin: "pipe",
    stdout: "ignore",
    stderr: "ignore",
    // Ctrl-C in a terminal reaches the whole group; this one has to outlive the others.
    detached: true,
  });
  keeper.unref();
  return async () => {
    keeper.stdin.end();
    await keeper.exited;
  };
}
