// The unit, property and process tests: beside the sources, and in <package>/test. The specs of e2e are Playwright's.
import { existsSync } from "node:fs";
import { defineConfig } from "vitest/config";

const TEST_MS = 20_000; // a loaded two-core machine needs seconds where a desk needs milliseconds
const HOOK_MS = 60_000; // starting a database, or a server with one
const POLL_MS = 15_000;

/** Starts the one PostgreSQL that all of the server's test files share. */
const database = ["./server/test/globalSetup.ts"].filter((path) => existsSync(new URL(path, import.meta.url)));

/**
 * Where the tests run once more on another PostgreSQL: what never asks the database (other servers, LibreOffice, Chromium)
 * would say the same again, and takes longest.
 */
const WITHOUT_DATABASE = [
  "server/src/adapters/{imap,jail,office,pages,s3,web}/**",
  "server/src/mail/mime/**",
  "server/src/previews/renderPreview.test.ts",
  "server/test/access/cedar.test.ts",
  "server/test/cli.test.ts", // its servers make their own database
  "server/test/mail/{dovecot,postfix}.test.ts",
  "server/test/mail/odd/**",
];
const without = process.env.KONTOR_TEST_CLUSTER === undefined ? [] : WITHOUT_DATABASE;
const NEVER = ["**/node_modules/**", "**/out/**", "**/dist/**"];

const project = (name: string, folders: string[], globalSetup: string[] = [], exclude: string[] = []) => ({
  extends: true as const,
  test: {
    name,
    globalSetup,
    exclude: [...NEVER, ...exclude],
    include: folders.map((folder) => `${folder}/**/*.test.{ts,tsx}`),
    setupFiles: ["./tools/noLeaks.ts", "./tools/seed.ts"],
  },
});

export default defineConfig({
  test: {
    pool: "forks",
    maxWorkers: 2,
    testTimeout: TEST_MS,
    hookTimeout: HOOK_MS,
    // Whoever waits for a condition waits as long as a test may: a second is little where two cores do everything.
    expect: { poll: { timeout: POLL_MS } },
    teardownTimeout: HOOK_MS,
    projects: [
      project("shared", ["shared"]),
      project("server", ["server/src", "server/test", "server/packs"], database, without),
      project("console", ["server/console"]),
      project("desktop", ["desktop/src", "desktop/test"]),
      project("together", ["e2e"], database), // server and replicas; what ends in .spec.ts is Playwright's
      project("tools", ["tools", "bench"]),
    ],
  },
});
