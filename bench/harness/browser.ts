/** Dexie lives in a browser: a page, bundled by vite and served from this machine, in Chromium with a profile on disk. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium, type Page } from "@playwright/test";
import { build } from "vite";

const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";

export type Browser = { open(): Promise<Page>; close(): Promise<void> };

export async function startBrowser(): Promise<Browser> {
  const folder = mkdtempSync(join(tmpdir(), "kontor-bench-browser-"));
  const bundle = join(folder, "bundle");
  await build({
    root: fileURLToPath(new URL(".", import.meta.url)),
    logLevel: "error",
    build: {
      outDir: bundle,
      emptyOutDir: true,
      lib: {
        entry: fileURLToPath(new URL("dexie.page.ts", import.meta.url)),
        formats: ["es"],
        fileName: () => "page.js",
      },
    },
    define: { "process.env.NODE_ENV": '"production"' },
  });
  const files = new Map(readdirSync(bundle).map((name) => [`/${name}`, readFileSync(join(bundle, name))]));
  const server = createServer((request, response) => {
    const file = files.get(request.url ?? "");
    if (file) response.setHeader("content-type", "text/javascript").end(file);
    else
      response
        .setHeader("content-type", "text/html")
        .end('<!doctype html><script type="module" src="/page.js"></script>');
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address ? address.port : 0;
  const context = await chromium.launchPersistentContext(join(folder, "profile"), {
    executablePath: CHROMIUM,
    args: ["--no-sandbox", "--disable-dev-shm-usage"],
  });
  return {
    async open() {
      const page = await context.newPage();
      await page.goto(`http://127.0.0.1:${port}/`);
      await page.waitForFunction(() => "dexieBench" in globalThis);
      return page;
    },
    async close() {
      await context.close();
      server.close();
      server.closeAllConnections();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
