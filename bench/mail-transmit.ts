/**
 * Messages handed to another mail server per second, each of 27 kB and to one recipient: claimed from the queue in the database, read
 * from the file store, handed over by five connections, and their answers written down; the database waits for the disk, as in an
 * office. The peer is the limit: a plain pool of nodemailer's with as many connections and the same bytes in memory, without a queue,
 * a file or a database. Signing is measured apart, each side with an RSA key of 2048 bits.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createTransport } from "nodemailer";
import { migrationsDirectory, silentLog } from "@kontor/server/testing";
import { createDiskBlobs } from "../server/src/adapters/disk/index.ts";
import { createSmtpTransport } from "../server/src/adapters/smtp/index.ts";
import { createDatabase, createMetrics, migrate, startEmbeddedPostgres } from "../server/src/kernel/index.ts";
import { makeKeys } from "../server/src/mail/domains/dkimKey.ts";
import type { SigningKey } from "../server/src/mail/domains/domains.service.ts";
import { zoneDns } from "../server/src/mail/domains/zone.fixture.ts";
import { addSender, dispatch } from "../server/src/mail/outbound/outbound.fixture.ts";
import { createOutboundQueue } from "../server/src/mail/outbound/queue.ts";
import { figureOf, inTurns, report, roundsOf } from "./harness/figure.ts";

const MESSAGES = Number(process.env["ROWS"] ?? 1_000);
const CONNECTIONS = 5;
const BODY = `${"x".repeat(70)}\r\n`.repeat(375); // 27 kB, as in an office

const directory = await mkdtemp(join(tmpdir(), "kontor-bench-"));
await chmod(directory, 0o755); // the database runs as somebody else
const postgres = await startEmbeddedPostgres({ directory: join(directory, "postgres"), log: silentLog });
const { db, pool } = createDatabase({ url: postgres.url, poolSize: 10, log: silentLog });
await migrate({ pool, directory: migrationsDirectory, log: silentLog });
const blobs = await createDiskBlobs({ root: join(directory, "blobs") });
const sink = spawn(process.execPath, [fileURLToPath(new URL("harness/sink.worker.ts", import.meta.url))], {
  stdio: ["pipe", "pipe", "inherit"],
});
const port = Number(((await once(sink.stdout, "data")) as [Buffer])[0].toString());
const sender = await addSender(db, "bench");
const [rsa] = await makeKeys(new Date());
const key: SigningKey = { domain: "ours.example", selector: "bench", privateKey: rsa?.privateKey ?? "" };

const rawOf = (n: number) =>
  `From: bench@ours.example\r\nTo: x@far.example\r\nSubject: Offer ${n}\r\nMessage-ID: <${n}.${process.hrtime.bigint()}@ours.example>\r\nDate: ${new Date().toUTCString()}\r\nMIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\n${BODY}`;
const perSecond = (started: number) => MESSAGES / ((performance.now() - started) / 1_000);

async function ours(keys: readonly SigningKey[]): Promise<number> {
  for (let n = 0; n < MESSAGES; n++)
    await dispatch(db, blobs, { sender, to: ["x@far.example"], at: Date.now(), raw: rawOf(n) });
  let left = 0;
  const allLeft = Promise.withResolvers<void>();
  const queue = createOutboundQueue({
    db,
    clock: { now: Date.now },
    // Said of each once its answer is written; asking the database would be work that nobody else has.
    log: { ...silentLog, info: () => (++left === MESSAGES ? allLeft.resolve() : undefined) },
    metrics: createMetrics(),
    blobs,
    relayed: true,
    transport: createSmtpTransport({ dns: zoneDns({}), name: "mail.ours.example", allowPrivate: true }),
    routeOf: async () => ({ kind: "relay", host: "127.0.0.1", port, security: "none" }),
    signingKeys: async () => keys,
    noticed: () => undefined,
    changed: () => undefined,
    ownName: "mail.ours.example",
    timeZone: "UTC",
    limits: { perLane: CONNECTIONS },
  });
  const started = performance.now();
  queue.start();
  await allLeft.promise;
  const rate = perSecond(started);
  await queue.stop();
  const { rows } = await pool.query("select 1 from mail_outbound where state <> 'relayed'");
  await pool.query("delete from mail_outbound");
  if (rows.length > 0) throw new Error(`${rows.length} of them did not leave`);
  return rate;
}

async function nodemailer(signs: boolean): Promise<number> {
  const raws = Array.from({ length: MESSAGES }, (_, n) => rawOf(n));
  const plain = createTransport({
    pool: true,
    host: "127.0.0.1",
    port,
    ignoreTLS: true,
    maxConnections: CONNECTIONS,
    maxMessages: Number.POSITIVE_INFINITY,
    ...(signs && { dkim: { domainName: key.domain, keySelector: key.selector, privateKey: key.privateKey } }),
  });
  const envelope = { from: "bench@ours.example", to: ["x@far.example"] };
  const started = performance.now();
  await Promise.all(raws.map((raw) => plain.sendMail({ envelope, raw })));
  const rate = perSecond(started);
  plain.close();
  return rate;
}

try {
  const plain = await inTurns(roundsOf(3), { ours: () => ours([]), nodemailer: () => nodemailer(false) });
  const signed = await inTurns(roundsOf(3), { ours: () => ours([key]), nodemailer: () => nodemailer(true) });
  const figure = (
    name: string,
    metric: string,
    { ours: own, nodemailer: peer }: Record<"ours" | "nodemailer", number[]>,
  ) =>
    figureOf({
      name,
      metric,
      unit: "messages/s",
      better: "higher",
      ours: own,
      peers: { "nodemailer pool (limit)": peer },
    });
  report("mail-transmit", [
    figure("mail-transmit", "messages of 27 kB handed to an SMTP server", plain),
    figure("mail-transmit-signed", "the same, signed by DKIM", signed),
  ]);
} finally {
  sink.stdin.end();
  await db.destroy();
  await postgres.stop();
  await rm(directory, { recursive: true, force: true });
}
