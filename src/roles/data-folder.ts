import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Another process works on the same files; two would destroy them. */
export class DataFolderTaken extends Error {
  readonly code = "data_folder_taken";
}

/** Makes the embedded mode's folder and takes it for this process alone; returns what gives it back. */
export function takeDataFolder(folder: string): () => void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const file = join(folder, "pid");
  const give = () => rmSync(file, { force: true });
  for (let attempt = 1; ; attempt++) {
    try {
      writeFileSync(file, String(process.pid), { flag: "wx", mode: 0o600 });
      process.once("exit", give);
      return give;
    } catch (error) {
      const holder = Number(readIfThere(file));
      if (attempt === 3) throw error;
      if (isRunning(holder)) {
        throw new DataFolderTaken(
          `process ${holder} works with the data in ${folder}: end it, or give another folder by --data`,
        );
      }
      // Left behind by a process that was killed.
      give();
    }
  }
}

function readIfThere(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

function isRunning(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0 || pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}
