import { chmod, mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { whenDone } from "./cleanup.ts";

/** Set by test/run.ts, which removes it in the end. */
const PARENT = process.env.TEST_FOLDER;

/**
 * Not TMPDIR: the path of a unix socket may have 107 bytes, and the account that PostgreSQL runs under must be able to walk
 * there.
 */
const TEMPORARY = "/tmp";

let root: Promise<string> | undefined;

/** A new folder `<name>` that is removed with all it holds when the test file is done, also if the process is killed. */
export async function temporaryFolder(name: string): Promise<string> {
  root ??= makeRoot();
  const folder = await mkdtemp(join(await root, `${name}-`));
  await chmod(folder, 0o755);
  return folder;
}

async function makeRoot(): Promise<string> {
  const folder = await mkdtemp(join(PARENT ?? TEMPORARY, "basecommerce-"));
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
