import { once } from "node:events";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeCertificate } from "../../../test/mail/certificate.ts";
import { createWebhookSender } from "./webhook.sender.ts";

const certificate = makeCertificate("localhost");
const heard: { readonly path: string; readonly headers: Readonly<Record<string, unknown>>; readonly body: string }[] =
  [];
let server: Server;
let base = "";

beforeAll(async () => {
  server = createServer(certificate, (request, response) => {
    const pieces: Buffer[] = [];
    request.on("data", (piece: Buffer) => pieces.push(piece));
    request.on("end", () => {
      heard.push({ path: request.url ?? "", headers: request.headers, body: Buffer.concat(pieces).toString() });
      if (request.url === "/silent") return;
      if (request.url === "/on") return response.writeHead(307, { location: `${base}/taken` }).end();
      if (request.url === "/busy")
        return response.writeHead(503, { "retry-after": "7" }).end("a secret of this machine");
      return response.writeHead(202).end("x".repeat(1_000_000));
    });
  });
  server.listen(0, "localhost");
  await once(server, "listening");
  base = `https://localhost:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const sender = createWebhookSender({ allowPrivate: true, ca: [certificate.cert] });
const send = (url: string, { by = sender, ms = 10_000 } = {}) =>
  by.send({ url, headers: { "webhook-id": "one" }, body: '{"a":"я"}', signal: AbortSignal.timeout(ms) });

describe("an event on its way to a webhook", () => {
  it("is a POST of JSON with the headers that it was given", async () => {
    expect(await send(`${base}/taken`)).toEqual({ status: 202 });
    expect(heard.at(-1)).toMatchObject({
      path: "/taken",
      body: '{"a":"я"}',
      headers: { "webhook-id": "one", "content-type": "application/json", "content-length": "10" },
    });
  });

  it("goes no further than the address that was given", async () => {
    const before = heard.length;
    expect(await send(`${base}/on`)).toEqual({ status: 307 });
    expect(heard).toHaveLength(before + 1);
  });

  it("brings back a status and a wish for a pause, and nothing of what was said", async () => {
    expect(await send(`${base}/busy`)).toEqual({ status: 503, retryAfterMs: 7_000 });
  });

  it("ends when its time is over", async () => {
    expect(await send(`${base}/silent`, { ms: 300 })).toEqual({ failure: "timeout" });
  });

  it("is given to nobody whose certificate is not to be trusted", async () => {
    const before = heard.length;
    expect(await send(`${base}/taken`, { by: createWebhookSender({ allowPrivate: true }) })).toEqual({
      failure: "certificate",
    });
    expect(heard).toHaveLength(before);
  });

  it("is given to nobody where nothing answers", async () => {
    const closed = createServer(certificate).listen(0, "localhost");
    await once(closed, "listening");
    const { port } = closed.address() as AddressInfo;
    closed.close();
    await once(closed, "close");
    expect(await send(`https://localhost:${port}/`)).toEqual({ failure: "unreachable" });
  });

  it.each([
    "https://127.0.0.1:1/",
    "https://[::1]/",
    "https://localhost/",
    "https://10.0.0.1/",
    "https://[::ffff:10.0.0.1]/",
  ])("never goes to %s, unless whoever runs the server lets it", async (url) => {
    const before = heard.length;
    expect(await send(url, { by: createWebhookSender({ ca: [certificate.cert] }) })).toEqual({ failure: "private" });
    expect(heard).toHaveLength(before);
  });
});
