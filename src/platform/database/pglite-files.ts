import initdbWasm from "@electric-sql/pglite/initdb.wasm" with { type: "file" };
import fileSystem from "@electric-sql/pglite/pglite.data" with { type: "file" };
import pgliteWasm from "@electric-sql/pglite/pglite.wasm" with { type: "file" };

/**
 * PGlite's own files, named here so that they are part of the compiled binary: it looks for them beside its module,
 * which does not exist there.
 */
export async function pgliteFiles() {
  const [pgliteWasmModule, initdbWasmModule] = await Promise.all([
    WebAssembly.compile(await Bun.file(pgliteWasm).arrayBuffer()),
    WebAssembly.compile(await Bun.file(initdbWasm).arrayBuffer()),
  ]);
  return { pgliteWasmModule, initdbWasmModule, fsBundle: Bun.file(fileSystem) };
}
