import { mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { $ } from "bun";
import { packSdk } from "./pack-sdk.ts";

// Makes dist/basecommerce, or the file given: the program, its engines, its Worker, the embedded database and the SDK in one.

const root = new URL("../..", import.meta.url).pathname;
const outfile = process.argv[2] ?? `${root}dist/basecommerce`;

/** The package that authors of engines install: whoever has the binary needs nothing else to write one. */
async function sdkArchive(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "build-sdk-"));
  try {
    return (await Bun.file(await packSdk(folder)).bytes()).toBase64();
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

await mkdir(dirname(outfile), { recursive: true });
// Whatever kind is asked for, the bundler leaves every part's source map beside the binary, which holds them too. Nobody reads them there, and the
// parts of the next build have other names: so it builds in a folder of its own, and only the binary leaves it.
const folder = await mkdtemp(join(dirname(outfile), ".build-"));
const built = join(folder, basename(outfile));

const result = await Bun.build({
  // The Worker is an entry of its own: it is named by URL, which the bundler does not follow.
  entrypoints: [`${root}src/main.ts`, `${root}src/engine-host/worker.ts`],
  root: `${root}src`,
  target: "bun",
  minify: { whitespace: true, syntax: true },
  // Parsed and compiled here, not at every start: a start is 0.3 s of processor time shorter.
  define: { SDK_ARCHIVE: JSON.stringify(await sdkArchive()) },
  format: "esm",
  bytecode: true,
  // A role reads the parts it is made of and no others: half of a vertical's time to start, a fifth of its memory.
  splitting: true,
  sourcemap: "inline",
  compile: { outfile: built, autoloadDotenv: false, autoloadBunfig: false },
}).catch(async (error: unknown) => {
  console.error("the build failed:", error);
  await rm(folder, { recursive: true, force: true });
  process.exit(1);
});
for (const message of result.logs) console.error(message);
await rename(built, outfile);
await rm(folder, { recursive: true });
const { size } = Bun.file(outfile);
const shown = await $`${outfile} --version`.text();
console.log(`${outfile} ${shown.trim()}, ${Math.round(size / 1e6)} MB`);
