import { inflateRawSync, deflateRawSync } from "node:zlib";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { newId } from "@kontor/shared/base";
import { createFrameCodec, PROTOCOL_VERSION, type Malformed, type Message } from "@kontor/shared/protocol";
import { openListener } from "./listener.ts";
import { createManualClock, startNoteServer, type NoteServer } from "./noteServer.ts";

const codec = createFrameCodec({
  deflate: (bytes) => deflateRawSync(bytes),
  inflate: (bytes, maxOutputLength) => inflateRawSync(bytes, { maxOutputLength }),
});
let server: NoteServer;
let ann = "";
const sockets: WebSocket[] = [];
beforeAll(async () => {
  server = await startNoteServer();
  ann = await server.addUser({ department: "sales" });
});
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.terminate();
});
afterAll(() => server.stop());

interface Client {
  readonly socket: WebSocket;
  /** Resolves with the close code; 0 when the handshake itself was refused. */
  readonly closed: Promise<number>;
  readonly received: (Message | Malformed)[];
  send(message: Message): void;
  next(type: Message["type"]): Promise<Message | Malformed>;
}

function connect({
  url = server.url,
  token = server.tokenOf(ann),
  origin,
  path = "/sync",
}: { url?: string; token?: string; origin?: string; path?: string } = {}): Client {
  const socket = new WebSocket(
    url.replace("http", "ws") + path,
    ["kontor.v1", `bearer.${token}`],
    origin ? { origin } : {},
  );
  sockets.push(socket);
  const received: (Message | Malformed)[] = [];
  socket.on("message", (data: Buffer) => {
    if ((data[0] ?? 0) >= 4) received.push(codec.decode(data));
  });
  const closed = new Promise<number>((resolve) => {
    socket.on("close", resolve);
    socket.on("unexpected-response", () => resolve(0));
    socket.on("error", () => resolve(0));
  });
  return {
    socket,
    closed,
    received,
    send: (message) => socket.send(codec.encode(message)),
    async next(type) {
      await expect.poll(() => received.some((message) => message.type === type), { timeout: 10_000 }).toBe(true);
      return received.find((message) => message.type === type) as Message;
    },
  };
}

const isOpen = (client: Client) => new Promise((resolve) => client.socket.once("open", resolve));
const hello = (fields: object = {}): Message => ({
  type: "hello",
  body: { protocol: PROTOCOL_VERSION, deviceId: newId(), appVersion: "test", buckets: [], ...fields },
});

describe("the gateway", () => {
  it("lets in a native client and a page of ours, and nobody else's page", async () => {
    for (const origin of [undefined, "http://console.example"]) {
      const client = connect(origin === undefined ? {} : { origin });
      await isOpen(client);
      expect(client.socket.protocol).toBe("kontor.v1"); // the token is not sent back
      client.send(hello());
      expect(await client.next("welcome")).toMatchObject({
        body: { mode: "reset", epoch: expect.stringMatching(/^first\/\d+$/) },
      });
    }
    for (const origin of ["http://console.example.evil.example", "https://console.example", "null"])
      expect(await connect({ origin }).closed).toBe(0);
  });

  it("[VIS-6] says by its close code what a client should do", async () => {
    expect(await connect({ token: `token-${newId()}` }).closed).toBe(4401);
    const gone = await server.addUser({ department: "sales" });
    await server.disable(gone);
    expect(await connect({ token: server.tokenOf(gone) }).closed).toBe(4403);
    const old = connect();
    await isOpen(old);
    old.send(hello({ protocol: PROTOCOL_VERSION + 1 }));
    expect(await old.closed).toBe(4426);
  });

  it("a client of an earlier protocol is told in words that it is too old, and nothing else", async () => {
    const old = connect({ token: server.tokenOf(await server.addUser({ department: "sales" })) });
    await isOpen(old);
    old.send(hello({ protocol: PROTOCOL_VERSION - 1 }));
    expect(await old.closed).toBe(4426);
    expect(old.received).toMatchObject([
      { type: "error", body: { code: "outdated", message: expect.stringContaining("too old") as string } },
    ]);
  });

  it("answers nothing at other addresses", async () => {
    expect(await connect({ path: "/elsewhere" }).closed).toBe(0);
  });

  it("the newer connection of a device replaces the older one", async () => {
    const deviceId = newId();
    const first = connect();
    await isOpen(first);
    first.send(hello({ deviceId }));
    await first.next("welcome");
    const second = connect();
    await isOpen(second);
    second.send(hello({ deviceId }));
    expect(await first.closed).toBe(4409);
    await second.next("welcome");
  });

  it("hangs up on who answers no pings, and on nobody because the clock was set", async () => {
    const clock = createManualClock("2026-03-02T10:00:00.000Z");
    const pinging = await startNoteServer({ pingMs: 250, clock, alarm: clock.alarm });
    try {
      const userId = await pinging.addUser({ department: "sales" });
      const answering = await openListener({ url: pinging.url, userId });
      const silent = connect({ url: pinging.url, token: pinging.tokenOf(userId) });
      await isOpen(silent);
      clock.moveTo("2026-03-02T11:00:00.000Z");
      expect(await silent.closed).toBe(1006);
      expect(silent.received.filter(({ type }) => type === "ping")).toHaveLength(3);
      expect(answering.hungUp).toBeUndefined();
      await answering.close();
    } finally {
      await pinging.stop();
    }
  });

  it("ends a connection that sends rubbish, text or far too much", async () => {
    const rubbish = connect();
    await isOpen(rubbish);
    rubbish.socket.send(Uint8Array.of(104, 250, 250, 250));
    expect(await rubbish.closed).toBe(1008);
    const text = connect();
    await isOpen(text);
    text.socket.send("hello");
    expect(await text.closed).toBe(1008);
    const flood = connect();
    await isOpen(flood);
    flood.socket.send(Buffer.alloc(5 << 20, 1));
    expect(await flood.closed).toBe(1009);
  });

  it("takes no change before HELLO, and stops at four unacknowledged batches", async () => {
    const early = connect();
    await isOpen(early);
    early.send({
      type: "push",
      body: {
        intents: [
          {
            mid: newId(),
            name: "note.create",
            collection: "notes",
            id: newId(),
            args: {},
            at: new Date().toISOString(),
          },
        ],
      },
    });
    expect(await early.closed).toBe(1008);

    const bob = await server.addUser({ department: "bulk" });
    await server.database.pool.query(
      `insert into note (id, owner, department, text, rank, secret)
       select gen_random_uuid(), $1, 'bulk', '', n, '' from generate_series(1, 3000) n`,
      [bob],
    );
    const slow = connect({ token: server.tokenOf(bob) });
    await isOpen(slow);
    slow.send(hello());
    const feeds = () => slow.received.flatMap((message) => (message.type === "feed" ? message.body : []));
    await expect.poll(() => feeds().length, { timeout: 10_000 }).toBe(4);
    slow.send({ type: "ping", body: {} });
    await slow.next("pong"); // a round trip later there are still four
    expect(feeds()).toHaveLength(4);
    slow.send({ type: "ack", body: { batch: feeds()[0]?.batch ?? 0 } });
    await expect.poll(() => feeds().length, { timeout: 10_000 }).toBe(5);
  });
});
