// One build of four parts. Whatever can be bundled is bundled, so that the installed app carries no node_modules but the
// one with a native part (libsql); every address in the interface is relative, because it is served from app://.
import { defineConfig } from "electron-vite";
import react from "@vitejs/plugin-react";
import manifest from "./package.json" with { type: "json" };

/** Native, or optional native parts of ws that are not there. */
const notBundled = ["electron", "libsql", /^@libsql\//, "bufferutil", "utf-8-validate"];
const define = { __APP_VERSION__: JSON.stringify(manifest.version) };

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
    plugins: [react()],
    build: {
      outDir: "out/renderer",
      emptyOutDir: true,
      assetsInlineLimit: 0,
      rolldownOptions: { input: "src/renderer/index.html" },
    },
  },
});
