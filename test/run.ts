import { join } from "node:path";
import { buildProgram } from "./harness/build.ts";
import { cleanUp } from "./harness/cleanup.ts";
import { temporaryFolder } from "./harness/folder.ts";
import { programPaths } from "./harness/packages.ts";
import { startPostgres } from "./harness/postgres.ts";
import { isAlive, processesIn, signalAll } from "./harness/process-tree.ts";
import { runStaticChecks } from "./harness/static-checks.ts";
import { makeTemplate } from "./harness/template.ts";
import { runTests, testFiles } from "./harness/test-run.ts";
import { until } from "./harness/until.ts";

const USAGE = "usage: npm test -- [--only static|tests] [part of a test file's path …]";
const PROGRESS_MS = 10_000;

/** A run that is stopped by hand still takes its servers with it. */
for (const [signal, code] of [["SIGINT", 130] as const, ["SIGTERM", 143] as const]) {
  process.once(signal, () => cleanUp().finally(() => process.exit(code)));
}

interface Tally {
  passed: number;
  failed: number;
  /** What the failing ones wrote, each under a title; printed at the end. */
  reports: { title: string; text: string }[];
}

function parse(args: readonly string[]): { statics: boolean; tests: boolean; patterns: string[] } {
  const patterns = [...args];
  const at = patterns.indexOf("--only");
  const [, only] = at < 0 ? [] : patterns.splice(at, 2);
  const known = at < 0 || only === "static" || only === "tests";
  if (!known || patterns.some((pattern) => pattern.startsWith("-"))) throw new Error(USAGE);
  return { statics: only !== "tests", tests: only !== "static", patterns };
}

async function statics(): Promise<Tally> {
  const results = await runStaticChecks(({ name, passed, seconds }) => {
    console.log(`${passed ? "ok  " : "FAIL"}  ${name} (${seconds.toFixed(1)} s)`);
  });
  const failing = results.filter(({ passed }) => !passed);
  return {
    passed: results.length - failing.length,
    failed: failing.length,
    reports: failing.map(({ name, output }) => ({ title: name, text: output })),
  };
}

async function tests(patterns: readonly string[]): Promise<Tally> {
  const files = testFiles(patterns);
  if (files.length === 0) throw new Error(`no test file's path contains ${patterns.join(" or ")}`);
  await programPaths(["postgres", "initdb", "psql", "redis-server", "nginx"]);
  const folder = await temporaryFolder("tests");
  const [server, program] = await Promise.all([startPostgres(), buildProgram(join(folder, "basecommerce"))]);
  const admin = server.url("postgres");
  const env = {
    TEST_FOLDER: folder,
    TEST_PROGRAM: program,
    TEST_POSTGRES_ADMIN_URL: admin,
    TEST_POSTGRES_TEMPLATE: await makeTemplate(admin),
  };

  let seen = 0;
  let file = "";
  const progress = setInterval(() => console.log(`      ${seen} passed so far, last in ${file}`), PROGRESS_MS);
  const run = await runTests(files, env, (line) => {
    file = /^(\S+\.test\.ts):$/.exec(line)?.[1] ?? file;
    if (line.startsWith("(pass)")) seen++;
    if (/^\((fail|skip|todo)\)|^✗/.test(line)) console.log(`FAIL  ${file}: ${line}`);
  });
  clearInterval(progress);

  const failing = run.results.filter(({ outcome }) => outcome !== "passed");
  const troubles = [...run.troubles, ...(await leftBehind(folder))];
  const passed = run.results.length - failing.length;
  const failed = failing.length + troubles.length;
  console.log(`${failed === 0 ? "ok  " : "FAIL"}  ${run.results.length} tests in ${files.length} files`);
  if (failed === 0) return { passed, failed, reports: [] };
  const names = failing.map((test) => `${test.file}: ${test.name} (${test.outcome})`);
  // An error outside of tests may be in any file.
  const suspects = new Set(run.troubles.length > 0 ? [] : failing.map((test) => test.file));
  return {
    passed,
    failed,
    reports: [{ title: "tests", text: [...names, ...troubles, "", run.outputOf(suspects)].join("\n") }],
  };
}

/** Servers die with the process that started them; one that did not would hold memory and a port until somebody looks. */
async function leftBehind(folder: string): Promise<string[]> {
  await until(() => processesIn(folder).length === 0, { what: "servers to end", timeout: 5_000 }).catch(
    () => undefined,
  );
  const pids = processesIn(folder);
  signalAll(pids, "SIGKILL");
  await until(() => !pids.some(isAlive), { what: "leftover servers to be gone" });
  return pids.length === 0 ? [] : [`the tests left ${pids.length} server process(es) behind`];
}

async function part(name: string, run: () => Promise<Tally>): Promise<Tally> {
  try {
    return await run();
  } catch (error) {
    console.log(`FAIL  ${name}`);
    const text = Error.isError(error) ? (error.stack ?? error.message) : Bun.inspect(error);
    return { passed: 0, failed: 1, reports: [{ title: name, text }] };
  }
}

let chosen: ReturnType<typeof parse>;
try {
  chosen = parse(process.argv.slice(2));
} catch (error) {
  console.error(Error.isError(error) ? error.message : error);
  process.exit(2);
}
const tallies = await Promise.all([
  ...(chosen.statics ? [part("static checks", statics)] : []),
  ...(chosen.tests ? [part("tests", () => tests(chosen.patterns))] : []),
]);
await cleanUp().catch((error) => {
  tallies.push({ passed: 0, failed: 1, reports: [{ title: "clean-up", text: Bun.inspect(error) }] });
});
for (const { title, text } of tallies.flatMap(({ reports }) => reports)) console.log(`\n──── ${title}\n${text}`);
const passed = tallies.reduce((sum, tally) => sum + tally.passed, 0);
const failed = tallies.reduce((sum, tally) => sum + tally.failed, 0);
console.log(`\n${passed} passed, ${failed} failed`);
process.exit(failed === 0 && passed > 0 ? 0 : 1);
