import { join, sep } from "node:path";
import { Child } from "./child.ts";
import { whenDone } from "./cleanup.ts";
import { temporaryFolder } from "./folder.ts";
import { Lines } from "./lines.ts";
import { descendants, signalAll } from "./process-tree.ts";
import { readReport, type TestResult } from "./test-report.ts";

const REPOSITORY = join(import.meta.dir, "../..");
const ROOTS = ["src", "engines", "plugins", "test"];
/** Generous, as static checks run beside them: a test that hangs is ended, a slow machine is not a failure. */
const TEST_TIMEOUT_MS = 60_000;
/** An endless loop in a test cannot be ended by its time limit. Longer than the limit of any test: some set 10 minutes. */
const SILENCE_MS = 12 * 60_000;

/** From here on a long run repeats what did not pass. */
const SUMMARY = /^\d+ tests? (failed|skipped|todo):$/;

export interface TestRun {
  results: TestResult[];
  /** Failures that no test stands for: a file that does not load, an error after the last test, a runner that crashed. */
  troubles: string[];
  /** What `files` wrote, passed tests left out. */
  outputOf(files: ReadonlySet<string>): string;
}

/** Paths of the test files whose path contains one of `patterns`; of all if there are none. */
export function testFiles(patterns: readonly string[]): string[] {
  const glob = new Bun.Glob(`{${ROOTS.join(",")}}/**/*.test.ts`);
  const all = [...glob.scanSync({ cwd: REPOSITORY })].map((path) => path.replaceAll(sep, "/"));
  const chosen = all.filter((path) => !path.includes("node_modules/"));
  return chosen.filter((path) => patterns.length === 0 || patterns.some((part) => path.includes(part))).sort();
}

/** Runs `files` with `bun test`, two at a time; `tell` gets each line as it is written. */
export async function runTests(
  files: readonly string[],
  env: Record<string, string>,
  tell: (line: string) => void,
): Promise<TestRun> {
  const report = join(await temporaryFolder("report"), "junit.xml");
  const options = ["--parallel=2", `--timeout=${TEST_TIMEOUT_MS}`, "--reporter=junit", `--reporter-outfile=${report}`];
  const child = new Child({
    command: [process.execPath, "test", ...options, ...files.map((path) => `./${path}`)],
    cwd: REPOSITORY,
    env: { ...process.env, ...env, NO_COLOR: "1", FORCE_COLOR: undefined },
    output: "pipe",
  });
  const stop = whenDone(async () => {
    await child.kill();
  });
  // The runner reports a killed worker's file as crashed and goes on with the others.
  const endHangingWorkers = () => {
    tell(`(fail) nothing was written for ${SILENCE_MS / 60_000} minutes: ending the files under way`);
    signalAll(descendants(child.pid), "SIGKILL");
  };
  let watchdog = setTimeout(endHangingWorkers, SILENCE_MS);
  let told = false;
  const lines = new Lines((line) => {
    clearTimeout(watchdog);
    watchdog = setTimeout(endHangingWorkers, SILENCE_MS);
    told ||= SUMMARY.test(line);
    if (!told) tell(line);
  });
  await Promise.all([lines.read(child.stdout), lines.read(child.stderr)]);
  const { code, signal } = await child.exited;
  clearTimeout(watchdog);
  await stop();

  const troubles: string[] = [];
  let results: TestResult[] = [];
  try {
    results = readReport(await Bun.file(report).text());
  } catch (error) {
    const reason = Error.isError(error) ? error.message : error;
    troubles.push(`bun test ended with ${signal ?? code} and left no report: ${reason}`);
  }
  if (results.length > 0) troubles.push(...unaccounted(files, results, lines.all));
  else if (troubles.length === 0) troubles.push("not one test was run");
  if (code !== 0 && troubles.length === 0 && results.every(({ outcome }) => outcome === "passed")) {
    troubles.push(`bun test ended with ${signal ?? code} although no test failed`);
  }
  return { results, troubles, outputOf: (chosen) => excerpt(lines.all, chosen) };
}

/** The report knows only tests that were run: a file that does not load has none, nor has an error between tests. */
function unaccounted(files: readonly string[], results: readonly TestResult[], lines: readonly string[]): string[] {
  const known = new Set(results.map(({ file }) => file));
  const absent = files.filter((file) => !known.has(file)).map((file) => `${file} ran no test`);
  const errors = lines.findLast((line) => /^ ?\d+ errors?$/.test(line));
  const more = Number.parseInt(errors ?? "0", 10) - absent.length;
  return more > 0 ? [...absent, `${more} error(s) outside of tests`] : absent;
}

/** The runner writes a file's name whenever it goes on with the output of that file. */
function excerpt(lines: readonly string[], files: ReadonlySet<string>): string {
  let chosen = false;
  const result: string[] = [];
  for (const line of lines) {
    if (SUMMARY.test(line)) break;
    const [, file] = /^(\S+\.test\.ts):$/.exec(line) ?? [];
    if (file !== undefined) chosen = files.size === 0 || files.has(file);
    if (chosen && !line.startsWith("(pass)")) result.push(line);
  }
  return result.join("\n");
}
