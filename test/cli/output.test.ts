import { beforeAll, expect, test } from "bun:test";
import { testDatabase } from "../harness/database.ts";
import { PROGRAM, startProgram } from "../harness/program.ts";

let env: Record<string, string>;
beforeAll(async () => {
  env = { DATABASE_URL: (await testDatabase()).urls.owner };
}, 60_000);

test.each(["SIGINT", "SIGTERM"] as const)(
  "status --watch looks again until %s, and that is no failure",
  async (signal) => {
    const args = ["status", "--watch", "1", "--json"];
    const program = startProgram({ command: PROGRAM, args, env });
    const first = await program.line('"head":');
    await program.line('"head":', { from: program.lines.indexOf(first) + 1 });
    program.signal(signal);
    expect(await program.exited).toMatchObject({ code: 0, signal: null });
  },
  30_000,
);

test("a command whose output nobody reads any more ends, and says nothing", async () => {
  const script = `${PROGRAM.join(" ")} status --watch 1 --json | head -n 1; echo "ended with \${PIPESTATUS[0]}"`;
  const { output } = await startProgram({ command: ["bash", "-c", script], env }).exited;
  expect(output.split("\n")).toEqual([expect.stringMatching(/^\{"head":/), "ended with 1"]);
}, 30_000);

test("status --watch takes whole seconds only", async () => {
  const program = startProgram({ command: PROGRAM, args: ["status", "--watch", "0.5"], env });
  expect((await program.exited).code).toBe(2);
});
