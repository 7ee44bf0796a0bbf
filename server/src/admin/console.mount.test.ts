import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import express from "express";
import { afterAll, beforeAll, expect, it } from "vitest";
import { mountApiDocs } from "#kernel";
import { mountConsole } from "./console.mount.ts";

let server: Server;
let directory: string;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "kontor-console-"));
  writeFileSync(join(directory, "index.html"), "<title>Console</title>");
  const app = express();
  mountApiDocs(app);
  mountConsole(app, { directory });
  server = createServer(app).listen(0, "127.0.0.1");
  await once(server, "listening");
});
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await once(server, "close");
  rmSync(directory, { recursive: true });
});

const get = (path: string, redirect: "manual" | "follow" = "follow") =>
  fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`, { redirect });

it("leads every way in to the page itself, and not in a circle", async () => {
  for (const path of ["/", "/console", "/console/", "/console/people/42"])
    expect([path, await (await get(path)).text()]).toEqual([path, "<title>Console</title>"]);
  expect(await (await get("/api/docs")).text()).toContain("swagger-ui-bundle.js");
  expect((await get("/console/", "manual")).status).toBe(200);
  expect((await get("/api/docs/", "manual")).status).toBe(200);
});
