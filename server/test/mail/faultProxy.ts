import { createConnection, createServer, type AddressInfo, type Socket } from "node:net";

/**
 * A way to a mail server that breaks when it is told to. It counts the commands of line-based protocols (IMAP: a tag and a word)
 * and ends the connection at a chosen one: before the server has heard it, or after the server has answered and before anybody
 * hears the answer.
 */
export interface FaultProxy {
  readonly port: number;
  /** Commands that went through since the last `cutAt`. */
  commands(): readonly string[];
  /** The next connection breaks at this command, counted from 1; 0: at none. */
  cutAt(command: number, when: "before" | "after"): void;
  stop(): Promise<void>;
}

/** Tags as clients write them: numbers, hexadecimal ones of imapflow, and letters with a number. */
const COMMAND = /^(?:[0-9A-F]+|[A-Z]+\d+) [A-Z]/;

/** Response codes of UIDPLUS (RFC 4315): Dovecot gives them also when it does not offer it. */
const UIDS = /\[(?:COPYUID|APPENDUID) [^\]\r\n]*\] ?/g;

/** That new keywords are kept, as PERMANENTFLAGS tells it. */
const KEYWORDS = / \\\*(?=\)\])/g;

export interface FaultProxyOptions {
  /** As a server without UIDPLUS answers: it says that it was done, and not under which UIDs. */
  readonly tellsUids?: boolean;
  /** False: as a server whose folders keep the flags of RFC 3501 and no keywords. */
  readonly takesKeywords?: boolean;
}

export async function startFaultProxy(
  targetPort: number,
  { tellsUids = true, takesKeywords = true }: FaultProxyOptions = {},
): Promise<FaultProxy> {
  const hidden = [...(tellsUids ? [] : [UIDS]), ...(takesKeywords ? [] : [KEYWORDS])];
  const sockets = new Set<Socket>();
  let commands: string[] = [];
  let cut = { at: 0, when: "before" as "before" | "after" };

  const server = createServer((client) => {
    const upstream = createConnection({ port: targetPort, host: "127.0.0.1" });
    let isDeaf = false;
    let rest = "";
    let answer = "";
    const end = () => {
      client.destroy();
      upstream.destroy();
    };
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on("error", () => undefined);
      socket.on("close", () => {
        sockets.delete(socket);
        end();
      });
    }
    upstream.on("data", (bytes) => {
      // The server has answered, so it has done it; nobody hears that.
      if (isDeaf) return end();
      if (hidden.length === 0) return client.write(bytes);
      // Whole lines: whatever a server says ends in one, literals and continuations as well.
      answer += bytes.toString("latin1");
      const whole = answer.lastIndexOf("\n") + 1;
      client.write(
        hidden.reduce((said, what) => said.replaceAll(what, ""), answer.slice(0, whole)),
        "latin1",
      );
      answer = answer.slice(whole);
    });
    client.on("data", (bytes) => {
      rest += bytes.toString("latin1");
      const lines = rest.split("\r\n");
      rest = lines.pop() ?? "";
      for (const line of lines.filter((each) => COMMAND.test(each))) {
        commands.push(line.replace(/^\S+ /, "").slice(0, 60));
        if (commands.length !== cut.at) continue;
        if (cut.when === "before") return end();
        isDeaf = true;
      }
      upstream.write(bytes);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));

  return {
    port: (server.address() as AddressInfo).port,
    commands: () => commands,
    cutAt(at, when) {
      commands = [];
      cut = { at, when };
    },
    async stop() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
