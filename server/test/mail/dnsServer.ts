import { createSocket } from "node:dgram";
import { once } from "node:events";
import ipaddr from "ipaddr.js";
import type { Zone } from "../../src/mail/domains/zone.fixture.ts";

/**
 * A name server for a zone of a test, on loopback (RFC 1035): what a process of its own is told to ask. The zone may change
 * while it runs.
 */
export interface DnsServer {
  /** `127.0.0.1:5353`. */
  readonly address: string;
  zone: Zone;
  stop(): Promise<void>;
}

const TYPES = { A: 1, CNAME: 5, PTR: 12, MX: 15, TXT: 16, AAAA: 28 } as const;
type Type = keyof typeof TYPES;
const NO_ERROR = 0x8580; // an answer, by whoever knows, recursion and all
const NO_NAME = 0x8583;

export async function startDnsServer(zone: Zone): Promise<DnsServer> {
  const socket = createSocket("udp4");
  const server: DnsServer = {
    address: "",
    zone,
    async stop() {
      socket.close();
      await once(socket, "close");
    },
  };
  socket.on("message", (question, from) => {
    const answer = answerTo(question, server.zone);
    if (answer) socket.send(answer, from.port, from.address);
  });
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  return Object.assign(server, { address: `127.0.0.1:${socket.address().port}` });
}

/** Undefined: silence. */
function answerTo(question: Buffer, zone: Zone): Buffer | undefined {
  const { name, end } = readName(question, 12);
  const type = (Object.keys(TYPES) as Type[]).find((each) => TYPES[each] === question.readUInt16BE(end));
  const known = zone[name.toLowerCase()];
  if (known?.fails) return undefined;
  const records = known && type ? recordsOf(known, type) : [];
  const head = Buffer.alloc(12);
  question.copy(head, 0, 0, 2);
  head.writeUInt16BE(known ? NO_ERROR : NO_NAME, 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt16BE(records.length, 6);
  const answers = records.map((data) => {
    const record = Buffer.alloc(12);
    record.writeUInt16BE(0xc00c, 0); // the name of the question
    record.writeUInt16BE(type ? TYPES[type] : 0, 2);
    record.writeUInt16BE(1, 4);
    record.writeUInt32BE(0, 6); // not to be remembered
    record.writeUInt16BE(data.length, 10);
    return Buffer.concat([record, data]);
  });
  return Buffer.concat([head, question.subarray(12, end + 4), ...answers]);
}

function recordsOf(known: Zone[string], type: Type): Buffer[] {
  if (type === "MX")
    return (known.MX ?? []).map(({ exchange, priority }) =>
      Buffer.concat([Buffer.from([priority >> 8, priority & 0xff]), writeName(exchange)]),
    );
  if (type === "TXT")
    return (known.TXT ?? []).map((text) =>
      Buffer.concat(
        (text.match(/[^]{1,255}/g) ?? [""]).map((part) =>
          Buffer.concat([Buffer.from([part.length]), Buffer.from(part)]),
        ),
      ),
    );
  if (type === "A" || type === "AAAA")
    return (known[type] ?? []).map((address) => Buffer.from(ipaddr.parse(address).toByteArray()));
  return (known[type] ?? []).map(writeName);
}

function readName(bytes: Buffer, from: number): { name: string; end: number } {
  const labels: string[] = [];
  let at = from;
  for (let length = bytes[at] ?? 0; length > 0; length = bytes[at] ?? 0) {
    labels.push(bytes.toString("latin1", at + 1, at + 1 + length));
    at += length + 1;
  }
  return { name: labels.join("."), end: at + 1 };
}

const writeName = (name: string): Buffer =>
  Buffer.concat([
    ...name
      .split(".")
      .filter((label) => label !== "")
      .map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label)])),
    Buffer.from([0]),
  ]);
