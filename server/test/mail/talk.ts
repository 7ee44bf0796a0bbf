import { once } from "node:events";
import { connect, type Socket } from "node:net";

/** Somebody who talks SMTP by hand, and may do so badly. */
export interface Talk {
  readonly socket: Socket;
  /** The greeting. */
  readonly greeting: string;
  /** Sends a line and waits for the answer to it. */
  say(line: string): Promise<string>;
  /** Sends bytes as they are, and waits for nothing. */
  write(bytes: string | Uint8Array): Promise<void>;
  /** The next answer; empty when the other side hung up. */
  hear(): Promise<string>;
  /** EHLO, MAIL, RCPT, DATA and the message, as it should be done. Returns the last answer. */
  send(message: { readonly from?: string; readonly to: readonly string[]; readonly raw: string }): Promise<string>;
  end(): void;
}

export async function talkTo(where: { port: number } | { path: string }, hello = "EHLO peer.example"): Promise<Talk> {
  const socket = "path" in where ? connect(where.path) : connect(where.port, "127.0.0.1");
  socket.on("error", () => undefined);
  let received = "";
  let isClosed = false;
  let wake = () => undefined as void;
  socket.on("data", (bytes) => {
    received += bytes.toString("latin1");
    wake();
  });
  socket.on("close", () => {
    isClosed = true;
    wake();
  });
  await once(socket, "connect");

  async function hear(): Promise<string> {
    for (;;) {
      const reply = /^(?:\d{3}-[^\n]*\n)*\d{3}(?: [^\n]*)?\n/.exec(received)?.[0];
      if (reply !== undefined) {
        received = received.slice(reply.length);
        return reply.trimEnd();
      }
      if (isClosed) return "";
      await new Promise<void>((resolve) => (wake = resolve));
    }
  }
  const write = (bytes: string | Uint8Array) =>
    new Promise<void>((resolve) => (socket.writable ? socket.write(bytes, () => resolve()) : resolve()));
  async function say(line: string): Promise<string> {
    await write(`${line}\r\n`);
    return hear();
  }

  const greeting = await hear();
  return {
    socket,
    greeting,
    say,
    write,
    hear,
    async send({ from = "x@far.example", to, raw }) {
      await say(hello);
      const steps = [`MAIL FROM:<${from}>`, ...to.map((address) => `RCPT TO:<${address}>`), "DATA"];
      for (const step of steps) {
        const answer = await say(step);
        if (!/^[23]/.test(answer)) return answer;
      }
      const stuffed = raw.replaceAll(/^\./gm, "..");
      await write(stuffed.endsWith("\r\n") ? `${stuffed}.\r\n` : `${stuffed}\r\n.\r\n`);
      return hear();
    },
    end: () => socket.destroy(),
  };
}
