import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { pictureLimits } from "#mail";
import { createPictureFetcher } from "./picture.fetcher.ts";

const PNG = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
  "base64",
);
const SVG = '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>';
const heard: IncomingMessage[] = [];
let server: Server;
let base = "";

const answers: Readonly<Record<string, (response: ServerResponse) => void>> = {
  "/a.png": (response) => response.end(PNG),
  "/lies": (response) => response.setHeader("content-type", "image/png").end(SVG),
  "/on": (response) => response.writeHead(302, { location: "/a.png" }).end(),
  "/round": (response) => response.writeHead(302, { location: "/round" }).end(),
  "/file": (response) => response.writeHead(302, { location: "file:///etc/passwd" }).end(),
  "/large": (response) => response.end(Buffer.concat([PNG, Buffer.alloc(pictureLimits.maxBytes)])),
  "/silent": () => undefined,
};

beforeAll(async () => {
  server = createServer((request, response) => {
    heard.push(request);
    (answers[request.url ?? ""] ?? ((each) => each.writeHead(404).end()))(response);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const fetcher = createPictureFetcher({ allowPrivate: true, timeoutMs: 1_000 });
const ask = (path: string) => fetcher.fetchPicture(`${base}${path}`, new AbortController().signal);

describe("a picture from elsewhere", () => {
  it("comes by the server, which tells nothing of its reader", async () => {
    expect(await ask("/on")).toEqual({ mime: "image/png", bytes: PNG });
    const { headers } = heard.at(-1) ?? { headers: {} };
    expect(Object.keys(headers).toSorted()).toEqual(["accept", "connection", "host", "user-agent"]);
  });

  it.each([
    ["is no picture, whatever its server says", "/lies", "picture.none"],
    ["is not there", "/nothing", "picture.none"],
    ["goes round in circles", "/round", "picture.none"],
    ["leads out of the web", "/file", "picture.none"],
    ["is too large", "/large", "picture.tooLarge"],
    ["never comes", "/silent", "picture.unreachable"],
  ])("is refused where it %s", async (_what, path, reason) => {
    await expect(ask(path)).rejects.toMatchObject({ details: { reason } });
  });

  it.each([
    "http://127.0.0.1:1/",
    "http://[::1]/",
    "http://localhost/",
    "http://10.0.0.1/",
    "http://169.254.169.254/latest",
    "http://[::ffff:127.0.0.1]/",
    "http://0.0.0.0/",
    "http://2130706433/",
  ])("is not asked for at %s", async (address) => {
    const before = heard.length;
    const asking = createPictureFetcher().fetchPicture(address, new AbortController().signal);
    await expect(asking).rejects.toMatchObject({ details: { reason: "picture.private" } });
    expect(heard).toHaveLength(before);
  });
});
