// Strangers to the demo company, for walks of what they send: their mail server and its DNS, a web server that waits to be
// asked for anything, and an office that takes mail from outside.
import { once } from "node:events";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { crc32, deflateSync } from "node:zlib";
import { startDnsServer } from "../../server/test/mail/dnsServer.ts";
import { freePorts } from "../../server/test/freePorts.ts";
import { talkTo } from "../../server/test/mail/talk.ts";
import { startServer, type TestServer } from "../harness/server.ts";

export const strangersDomain = "parcel-service.example";

export interface Trap {
  readonly url: string;
  readonly hits: readonly { readonly path: string; readonly headers: IncomingHttpHeaders }[];
  close(): Promise<void>;
}

const WIDTH = 320;
const HEIGHT = 90;

/** A picture of one colour (PNG). */
function picture(): Buffer {
  const line = Buffer.concat([Buffer.from([0]), Buffer.alloc(WIDTH * 3, Buffer.from([217, 119, 6]))]);
  const header = Buffer.alloc(13);
  header.writeUInt32BE(WIDTH, 0);
  header.writeUInt32BE(HEIGHT, 4);
  header.set([8, 2, 0, 0, 0], 8); // 8 bits of red, green and blue
  const chunk = (type: string, data: Buffer) => {
    const body = Buffer.concat([Buffer.from(type), data]);
    const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
    length.writeUInt32BE(data.length);
    sum.writeUInt32BE(crc32(body));
    return Buffer.concat([length, body, sum]);
  };
  return Buffer.concat([
    Buffer.from("89504e470d0a1a0a", "hex"),
    chunk("IHDR", header),
    chunk("IDAT", deflateSync(Buffer.concat(Array.from({ length: HEIGHT }, () => line)))),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

/** Answers each question with a picture, and remembers who asked. */
export async function openTrap(): Promise<Trap> {
  const bytes = picture();
  const hits: { path: string; headers: IncomingHttpHeaders }[] = [];
  const server = createServer(({ headers, url = "" }, response) => {
    hits.push({ path: url, headers });
    response.setHeader("content-type", "image/png");
    response.end(bytes);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    hits,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

export interface OpenOffice {
  readonly office: TestServer;
  /** From outside, by SMTP; resolves when the office has taken it. */
  post(to: string, raw: string): Promise<void>;
  close(): Promise<void>;
}

/** The domain of the strangers asks to have its mail judged, and says that nothing comes from here: what does is forged. */
export async function startOpenOffice(): Promise<OpenOffice> {
  const dns = await startDnsServer({
    [strangersDomain]: { TXT: ["v=spf1 -all"] },
    [`_dmarc.${strangersDomain}`]: { TXT: ["v=DMARC1; p=none"] },
  });
  const [port = 0] = await freePorts(1);
  const office = await startServer({
    env: {
      KONTOR_SMTP_LISTEN: `127.0.0.1:${port}`,
      KONTOR_SMTP_DNS: dns.address,
      KONTOR_MAIL_PICTURES_PRIVATE: "yes", // the trap is of this machine
    },
  });
  return {
    office,
    async post(to, raw) {
      const talk = await talkTo({ port });
      const answer = await talk.send({ from: `bounce@${strangersDomain}`, to: [to], raw });
      talk.end();
      if (!answer.startsWith("250")) throw new Error(`refused: ${answer}`);
    },
    async close() {
      await office.remove();
      await dns.stop();
    },
  };
}

const heads = (subject: string, to: string): readonly string[] => [
  `From: =?utf-8?B?${Buffer.from("Мария Волкова").toString("base64")}?= <maria@${strangersDomain}>`,
  "Reply-To: collector@elsewhere.example",
  `To: ${to}`,
  `Subject: ${subject}`,
  `Message-ID: <${subject.replaceAll(/\W+/g, "-").toLowerCase()}@${strangersDomain}>`,
  `Date: ${new Date().toUTCString().replace("GMT", "+0000")}`,
  "MIME-Version: 1.0",
];

/** Everything that a message may try: run, load, cover, ask for a password, lead elsewhere. */
export const hostileMail = (trap: string, to: string): string =>
  [
    ...heads("Your parcel", to),
    "Content-Type: text/html; charset=utf-8",
    "",
    `<html><head><style>@import url(${trap}/import.css); body { background: url(${trap}/bg.png) }</style>`,
    `<base href="${trap}/"><meta http-equiv="refresh" content="0;url=${trap}/refresh"></head>`,
    '<body onload="top.hacked=true"><script>top.hacked = true; alert(1)</script>',
    `<img src="${trap}/pixel.gif" width="1" height="1">`,
    `<p><img src="${trap}/logo.png" width="320" height="90" alt="Parcel service" onerror="top.hacked=true"></p>`,
    '<table width="320"><tr><td colspan="2" align="center" bgcolor="#fdf1dc">Parcel 4711</td></tr><tr><td>To</td><td>you</td></tr></table>',
    `<svg><script>top.hacked=true</script></svg><iframe src="${trap}/frame"></iframe><object data="${trap}/o"></object>`,
    `<form action="${trap}/form"><input name="password"><button>Sign in</button></form>`,
    "<p>Your parcel waits.</p>",
    `<p><a href="${trap}/login">https://parcel.example</a> and our <a href="https://terms.example/">terms</a></p>`,
    `<div style="position:fixed;inset:0;z-index:9999;background:url(${trap}/cover.png)">covered</div>`,
    "</body></html>",
    "",
  ].join("\r\n");

/** From the same sender: a picture once more, and a file that would run. */
export const programMail = (trap: string, to: string): string =>
  [
    ...heads("Your receipt", to),
    'Content-Type: multipart/mixed; boundary="b"',
    "",
    "--b",
    "Content-Type: text/html; charset=utf-8",
    "",
    `<p><img src="${trap}/banner.png" width="320" height="90" alt="Banner"></p><p>Open the receipt.</p>`,
    "--b",
    'Content-Type: application/octet-stream; name="receipt.pdf.exe"',
    'Content-Disposition: attachment; filename="receipt.pdf.exe"',
    "Content-Transfer-Encoding: base64",
    "",
    Buffer.from("MZ this is no program").toString("base64"),
    "--b--",
    "",
  ].join("\r\n");
