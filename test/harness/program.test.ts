import { expect, test } from "bun:test";
import { join } from "node:path";
import { temporaryFolder } from "./folder.ts";
import { freePort } from "./ports.ts";
import { startProgram } from "./program.ts";

async function script(text: string): Promise<string[]> {
  const path = join(await temporaryFolder("program"), "program.ts");
  await Bun.write(path, text);
  return ["bun", path];
}

test("runs with the given environment alone, is ready, is frozen, ends on SIGTERM with its own exit code", async () => {
  process.env.LEAK = "of the tests";
  const port = freePort();
  const command = await script(`
    process.on("SIGTERM", () => { console.error("draining"); process.exit(7); });
    Bun.serve({ port: Number(process.env.PORT), hostname: "127.0.0.1", fetch: () => new Response("fine") });
    console.log(Object.keys(process.env).sort().join(" "), process.getuid());
  `);
  const program = startProgram({ command, env: { PORT: `${port}`, TZ: "UTC" }, user: "nobody", cwd: "/" });
  await program.ready(`http://127.0.0.1:${port}/`);
  expect(await program.line(/PORT/)).toStartWith("HOME PATH PORT TZ ");
  expect(program.output).not.toEndWith(" 0");
  program.pause();
  const frozen = fetch(`http://127.0.0.1:${port}/`, { signal: AbortSignal.timeout(100) });
  await expect(frozen).rejects.toThrow();
  program.resume();
  await program.ready(`http://127.0.0.1:${port}/`);
  expect(await program.stop()).toBe(7);
  expect((await program.exited).output).toEndWith("draining");
});

test("who waits for a line of a program that ends is told so at once, with all it wrote", async () => {
  const program = startProgram({ command: await script(`console.log("no database"); process.exit(3)`) });
  await expect(program.line("listening", { timeout: 60_000 })).rejects.toThrow(/a line with listening.*no database/s);
  expect(await program.line("no database")).toBe("no database");
  expect((await program.exited).code).toBe(3);
});

test("a program that ignores SIGTERM is killed, and that is an error", async () => {
  const program = startProgram({
    command: await script(`process.on("SIGTERM", () => {}); setInterval(() => {}, 1e3); console.log("up")`),
  });
  await program.line("up");
  await expect(program.stop(50)).rejects.toThrow("had not ended 50 ms after SIGTERM");
  expect(program.running).toBe(false);
});
