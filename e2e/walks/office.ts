// The `test` of the walks: the desktop's (harness/test.ts) and a running office, the demo company on a real server. One
// office serves all specs of a run; each spec works on records of its own, and starts what it stopped.
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { test as base } from "../harness/test.ts";
import { startServer, type TestServer } from "../harness/server.ts";
import { memberBefore, type DemoLogin, type Member } from "./member.ts";

export { expect } from "@playwright/test";

export interface OfficeFixtures {
  /** Starts a desktop for somebody, in a folder of their own; `at` continues in the folder of an earlier one. */
  sitDown(login: DemoLogin, at?: { readonly userData: string }): Promise<Member>;
}

const OFFICE_START_MS = 180_000; // a database is made, the demo company written, its papers stored

export const test = base.extend<OfficeFixtures, { office: TestServer }>({
  office: [
    // oxlint-disable-next-line no-empty-pattern -- Playwright reads the fixtures a fixture needs from this pattern
    async ({}, use) => {
      const office = await startServer();
      await use(office);
      await office.remove();
    },
    { scope: "worker", timeout: OFFICE_START_MS },
  ],

  sitDown: async ({ launch, userData, office }, use, testInfo) => {
    await use(async (login, at) => {
      const folder = at?.userData ?? join(userData, login);
      await mkdir(folder, { recursive: true });
      const desktop = await launch({ userData: folder });
      return memberBefore(await desktop.window(), { login, desktop, userData: folder });
    });
    if (testInfo.status !== testInfo.expectedStatus)
      await testInfo.attach("server log", { body: office.log(), contentType: "text/plain" });
  },
});
