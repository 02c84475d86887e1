import { dirname, join, relative } from "node:path";

const IMPORT = /(from |import\()(["'])([^"']+)\2/g;

/** TypeScript declarations by their path below the folder of sources. */
export type Declarations = Map<string, string>;

/** Declarations of `entries` and of everything they name, with imports that resolve beside JavaScript. */
export async function declarationsOf(root: string, entries: readonly string[], scratch: string): Promise<Declarations> {
  const config = join(scratch, "tsconfig.json");
  await Bun.write(
    config,
    JSON.stringify({
      extends: join(root, "tsconfig.json"),
      compilerOptions: {
        noEmit: false,
        declaration: true,
        emitDeclarationOnly: true,
        outDir: join(scratch, "types"),
        rootDir: join(root, "src"),
        types: [join(root, "node_modules/bun-types")],
      },
      include: [join(root, "src/**/*.d.ts")],
      files: entries.map((entry) => join(root, "src", entry)),
    }),
  );
  const tsc = Bun.spawn([process.execPath, join(root, "node_modules/typescript/bin/tsc"), "-p", config], {
    stdout: "pipe",
    stderr: "inherit",
  });
  const complaint = await new Response(tsc.stdout).text();
  if ((await tsc.exited) !== 0) throw new Error(`the SDK's types do not build:\n${complaint}`);
  const declarations: Declarations = new Map();
  const wanted = entries.map((entry) => entry.replace(/\.ts$/, ".d.ts"));
  for (let path = wanted.pop(); path !== undefined; path = wanted.pop()) {
    if (declarations.has(path)) continue;
    const text = await Bun.file(join(scratch, "types", path)).text();
    declarations.set(
      path,
      text.replaceAll(IMPORT, (_, word, quote, name) => `${word}${quote}${besideJs(name)}${quote}`),
    );
    for (const [, , , name = ""] of text.matchAll(IMPORT)) {
      if (name.startsWith(".")) wanted.push(relative(".", join(dirname(path), name)).replace(/\.ts$/, ".d.ts"));
    }
  }
  return declarations;
}

/** Packages that the declarations name. */
export function packagesNamed(declarations: Declarations): Set<string> {
  const names = [...declarations.values()].flatMap((text) =>
    [...text.matchAll(IMPORT)].map(([, , , name = ""]) => name),
  );
  return new Set(names.filter((name) => !name.startsWith(".")));
}

function besideJs(name: string): string {
  return name.startsWith(".") ? name.replace(/\.ts$/, ".js") : name;
}
