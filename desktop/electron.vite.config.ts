// One build of four parts. Whatever can be bundled is bundled, so that the installed app carries no node_modules but the
// one with a native part (libsql); every address in the interface is relative, because it is served from app://.
import { defineConfig } from "electron-vite";
import react from "@vitejs/plugin-react";
import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type { Plugin } from "vite";
import manifest from "./package.json" with { type: "json" };

/** Native, or optional native parts of ws that are not there. */
const notBundled = ["electron", "libsql", /^@libsql\//, "bufferutil", "utf-8-validate"];
const define = { __APP_VERSION__: JSON.stringify(manifest.version) };

/** What pdf.js fetches while it reads: fonts that a PDF names but does not carry, character maps, picture decoders. */
function pdfAssets(): Plugin {
  const root = dirname(createRequire(import.meta.url).resolve("pdfjs-dist/package.json"));
  return {
    name: "kontor:pdf-assets",
    generateBundle() {
      for (const folder of ["cmaps", "standard_fonts", "wasm", "iccs"]) {
        for (const name of readdirSync(join(root, folder))) {
          if (name.startsWith("quickjs")) continue; // runs scripts inside a PDF: not here
          const source = readFileSync(join(root, folder, name));
          this.emitFile({ type: "asset", fileName: `pdfjs/${folder}/${name}`, source });
        }
      }
    },
  };
}

export default defineConfig({
  main: {
    define,
    build: {
      externalizeDeps: false,
      outDir: "out/main",
      rolldownOptions: {
        external: notBundled,
        input: { index: "src/main/index.ts", replica: "src/replica/main.ts" },
        output: { format: "es", entryFileNames: "[name].js", chunkFileNames: "[name]-[hash].js" },
      },
    },
  },
  preload: {
    define,
    build: {
      externalizeDeps: false,
      outDir: "out/preload",
      rolldownOptions: {
        external: ["electron"],
        input: "src/preload/index.ts",
        // A sandboxed preload script is one CommonJS file.
        output: { format: "cjs", entryFileNames: "index.cjs" },
      },
    },
  },
  renderer: {
    root: "src/renderer",
    base: "./",
    define,
    plugins: [react(), pdfAssets()],
    build: {
      outDir: "out/renderer",
      emptyOutDir: true,
      assetsInlineLimit: 0,
      minify: true,
      rolldownOptions: { input: "src/renderer/index.html" },
    },
  },
});
