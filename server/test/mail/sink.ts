import { once } from "node:events";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { SMTPServer, type SMTPServerOptions, type SMTPServerSession } from "smtp-server";
import type { Certificate } from "./certificate.ts";

/** `550 5.1.1 No such user`: what the sink says instead of taking it. */
export type Refusal = string | undefined;

/** How a sink behaves; each may be changed while it runs. */
export interface SinkScript {
  greeting?: (session: SMTPServerSession) => Refusal;
  mail?: (from: string, session: SMTPServerSession) => Refusal;
  rcpt?: (to: string, session: SMTPServerSession) => Refusal;
  /** Asked after the final dot, of the n-th message of this sink. `cut`: it takes the message and hangs up without an answer. */
  data?: (message: SunkMessage) => Refusal | "cut" | Promise<Refusal | "cut">;
  /** Hangs up as soon as the body begins. */
  cutInBody?: boolean;
  /** Told when the body begins. */
  onBody?: () => void;
}

export interface SunkMessage {
  readonly from: string;
  readonly to: readonly string[];
  readonly raw: string;
  readonly session: SMTPServerSession;
  readonly encrypted: boolean;
}

/** Another mail server, real in its protocol and scripted in its moods. */
export interface Sink {
  readonly port: number;
  readonly script: SinkScript;
  /** Messages that it took, also those whose sender it did not tell. */
  readonly messages: readonly SunkMessage[];
  /** How often somebody connected. */
  readonly connections: () => number;
  /** Connections that are open now. */
  readonly open: () => number;
  stop(): Promise<void>;
}

export async function startSink({
  certificate,
  script = {},
  ...options
}: { certificate?: Certificate; script?: SinkScript } & SMTPServerOptions = {}): Promise<Sink> {
  const messages: SunkMessage[] = [];
  let connections = 0;
  const cut = (id: string) => {
    for (const connection of server.connections) if (connection.id === id) connection._socket.destroy();
  };
  const server = new SMTPServer({
    name: "sink.example",
    authOptional: true,
    disableReverseLookup: true,
    hideENHANCEDSTATUSCODES: true,
    hideDSN: false,
    logger: false,
    closeTimeout: 100,
    ...(certificate ?? { disabledCommands: ["STARTTLS"] }),
    onConnect(session, done) {
      connections += 1;
      done(refusal(script.greeting?.(session)));
    },
    onMailFrom: ({ address }, session, done) => done(refusal(script.mail?.(address, session))),
    onRcptTo: ({ address }, session, done) => done(refusal(script.rcpt?.(address, session))),
    onData(stream, session, done) {
      if (script.cutInBody) return cut(session.id);
      const chunks: Buffer[] = [];
      stream.once("data", () => script.onBody?.());
      stream.on("data", (chunk: Buffer) => chunks.push(chunk));
      stream.on("error", () => undefined);
      stream.once("end", () => {
        const { mailFrom, rcptTo } = session.envelope;
        const message = {
          from: mailFrom ? mailFrom.address : "",
          to: rcptTo.map(({ address }) => address),
          raw: Buffer.concat(chunks).toString("latin1"),
          session: structuredClone({
            ...session,
            xClient: undefined,
            xForward: undefined,
          }) as unknown as SMTPServerSession,
          encrypted: session.secure,
        };
        void Promise.resolve(script.data?.(message)).then((said) => {
          if (said === undefined || said === "cut") messages.push(message);
          if (said === "cut") cut(session.id);
          else done(refusal(said));
        });
      });
    },
    ...options,
  });
  server.on("error", () => undefined); // clients that go away in the middle are what some tests are about
  server.listen(0, "127.0.0.1");
  await once(server.server, "listening");
  return {
    port: (server.server.address() as AddressInfo).port,
    script,
    messages,
    connections: () => connections,
    open: () => server.connections.size,
    async stop() {
      for (const connection of server.connections) connection._socket.destroy();
      await new Promise<void>((resolve) => server.close(resolve));
    },
  };
}

function refusal(said: Refusal): (Error & { responseCode: number }) | undefined {
  if (said === undefined) return undefined;
  return Object.assign(new Error(said.slice(4)), { responseCode: Number(said.slice(0, 3)) });
}

/** A server without any protocol: each connection is given to `talk`. */
export async function startRawServer(talk: (socket: Socket) => void): Promise<{ port: number; stop(): Promise<void> }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.once("close", () => sockets.delete(socket));
    talk(socket);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    async stop() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}
