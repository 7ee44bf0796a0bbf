import { randomUUID } from "node:crypto";
import { inspect } from "node:util";
import { ImapFlow } from "imapflow";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { ImapPort, ImapSession, ImapSettings } from "./imap.port.ts";
import { markBits, noFlags } from "./marks.ts";

/** A server with a mailbox for every name; `connect` of another client looks at what is really there. */
export interface ImapPeer {
  readonly host: string;
  readonly imapPort: number;
  readonly imapsPort: number;
  readonly password: string;
  readonly certificate: string;
  stop(): Promise<void>;
}

const message = (n: number, body = "Hello"): string =>
  `From: a@example.org\r\nTo: b@example.org\r\nSubject: Number ${n}\r\nMessage-ID: <m${n}@example.org>\r\nDate: Mon, 1 Jun 2026 10:00:00 +0000\r\n\r\n${body}\r\n`;
const AT = "2026-06-01T10:00:00.000Z";

async function all<Row>(rows: AsyncIterable<Row>): Promise<Row[]> {
  const found: Row[] = [];
  for await (const row of rows) found.push(row);
  return found;
}

/** Every implementation of the port passes this, against servers that can much and servers that can little. */
export function imapContract(
  name: string,
  { create, startPeer }: { create(certificate: string): ImapPort; startPeer(): Promise<ImapPeer> },
): void {
  describe(`IMAP: ${name}`, () => {
    let peer: ImapPeer;
    let imap: ImapPort;
    let settings: ImapSettings;
    let session: ImapSession;
    let other: ImapFlow;
    beforeAll(async () => {
      peer = await startPeer();
      imap = create(peer.certificate);
    });
    afterAll(() => peer.stop());
    beforeEach(async () => {
      const user = `user-${randomUUID().slice(0, 8)}`;
      settings = {
        host: peer.host,
        port: peer.imapsPort,
        security: "tls",
        user,
        secret: { kind: "password", password: peer.password },
      };
      session = await imap.connect(settings);
      other = new ImapFlow({
        host: peer.host,
        port: peer.imapPort,
        secure: false,
        doSTARTTLS: false,
        auth: { user, pass: peer.password },
        logger: false,
      });
      await other.connect();
      await other.mailboxOpen("INBOX");
    });
    afterEach(async () => {
      await session.close();
      await other.logout();
    });

    const fill = async (count: number, flags: string[] = []): Promise<void> => {
      for (let n = 1; n <= count; n++) await other.append("INBOX", message(n), flags, new Date(AT));
      await other.noop();
    };
    const flagsThere = async (uid: number) => {
      const found = await other.fetchOne(String(uid), { flags: true }, { uid: true });
      return found && [...(found.flags ?? [])].filter((flag) => flag !== "\\Recent").toSorted();
    };
    const uidsThere = async (path = "INBOX") => {
      await other.mailboxOpen(path);
      return other.search({ deleted: false }, { uid: true });
    };

    describe("ways in", () => {
      const connecting = (change: Partial<ImapSettings>) => imap.connect({ ...settings, ...change });

      it("[IMP-1] STARTTLS and a connection in the clear, where that was chosen", async () => {
        for (const security of ["starttls", "none"] as const) {
          const opened = await connecting({ port: peer.imapPort, security });
          expect((await opened.select("INBOX")).exists).toBe(0);
          await opened.close();
        }
      });

      it("[IMP-1] a certificate that nobody vouches for ends it", async () => {
        await expect(create("").connect(settings)).rejects.toMatchObject({ reason: "tls.certificate" });
      });

      it.each([
        ["[IMP-1] TLS on a port that speaks none", () => ({ port: peer.imapPort }), "tls.missing"],
        [
          "[IMP-2] a wrong password",
          () => ({ secret: { kind: "password" as const, password: "wrong-secret" } }),
          "auth",
        ],
        ["[IMP-2] a port where nobody answers", () => ({ port: 1 }), "refused"],
      ] as const)("%s", async (_name, change, reason) => {
        const failure: unknown = await connecting(change()).catch((error: unknown) => error);
        expect(failure).toMatchObject({ name: "AccountFailure", reason });
        expect(inspect(failure, { depth: 10 })).not.toContain("wrong-secret");
      });
    });

    it("lists folders by name and role, with how they stand", async () => {
      await other.mailboxCreate("Projects/Ünïcode & more");
      await fill(3);
      const folders = await session.listFolders();
      const byRole = Object.fromEntries(folders.flatMap(({ role, path }) => (role ? [[role, path]] : [])));
      expect(byRole).toMatchObject({ inbox: "INBOX", sent: "Sent", trash: "Trash", junk: "Junk", drafts: "Drafts" });
      expect(folders.find(({ names }) => names.join("|") === "Projects|Ünïcode & more")?.holdsMessages).toBe(true);
      const inbox = folders.find(({ role }) => role === "inbox");
      expect(inbox?.status).toMatchObject({ messages: 3, unseen: 3, uidNext: 4 });
      expect(inbox?.status?.highestModseq !== undefined).toBe(session.offers.condstore);
    });

    it("tells folders that only hold folders", async () => {
      await other.mailboxCreate("Outer");
      await other.mailboxCreate("Outer/Inner");
      await other.mailboxDelete("Outer");
      const folders = await session.listFolders();
      const found = folders.map(({ path, holdsMessages }) => `${path} ${holdsMessages}`);
      expect(found).toEqual(expect.arrayContaining(["Outer false", "Outer/Inner true"]));
    });

    it("[IMP-3] reads byte for byte, in the order of UIDs, and marks nothing as seen", async () => {
      const odd = message(9, `ünï ${String.fromCodePoint(0x1f600)} .\r\n..\r\n`);
      await fill(2);
      await other.append("INBOX", odd, ["\\Flagged", "$Forwarded", "Custom"], new Date(AT));
      const selected = await session.select("INBOX");
      expect(selected).toMatchObject({ exists: 3, uidNext: 4 });
      const sources = await all(session.fetchSources([3, 1, 2]));
      expect(sources.map(({ uid }) => uid)).toEqual([1, 2, 3]);
      expect(sources[2]?.source.toString()).toBe(odd);
      expect(sources[2]).toMatchObject({
        marks: markBits.flagged | markBits.forwarded,
        isDeleted: false,
        receivedAt: AT,
      });
      expect(await session.fetchSizes([1, 2, 3])).toEqual(
        new Map([1, 2, 3].map((uid) => [uid, sources[uid - 1]?.source.length])),
      );
      expect((await session.fetchStart(3, 20))?.source.toString()).toBe(odd.slice(0, 20));
      for (const uid of [1, 2]) expect(await flagsThere(uid)).toEqual([]);
    });

    it("[IMP-3] tells messages apart without fetching them", async () => {
      await fill(2);
      await session.select("INBOX");
      expect(await session.fetchIdentities([2])).toEqual([
        {
          uid: 2,
          marks: 0,
          labels: [],
          isDeleted: false,
          messageId: "m2@example.org",
          size: message(2).length,
          receivedAt: AT,
        },
      ]);
      expect(await session.findByMessageId("m2@example.org", 1)).toEqual([2]);
      expect(await session.findByMessageId("m2@example.org", 3)).toEqual([]);
    });

    it("[IMP-4] leaves out what is no longer there", async () => {
      await fill(3);
      await session.select("INBOX");
      await other.messageDelete("2", { uid: true });
      expect((await all(session.fetchSources([1, 2, 3]))).map(({ uid }) => uid)).toEqual([1, 3]);
      expect([...(await session.fetchSizes([2]))]).toEqual([]);
      expect(await session.fetchIdentities([2, 99])).toEqual([]);
      expect(await session.fetchStart(2, 10)).toBeUndefined();
      await session.setMarks([2], { add: markBits.seen, remove: 0 });
      await session.expunge([2]);
      expect([...(await session.move([2], "Trash")).uids]).toEqual([]);
      expect(await uidsThere()).toEqual([1, 3]);
    });

    it("lists UIDs in a range, without those that are marked as deleted", async () => {
      await fill(5);
      await other.messageFlagsAdd("4", ["\\Deleted"], { uid: true });
      await session.select("INBOX");
      expect(await session.listUids({ from: 2 })).toEqual([2, 3, 5]);
      expect(await session.listUids({ from: 1, to: 3 })).toEqual([1, 2, 3]);
      expect(await session.listUids({ from: 6 })).toEqual([]);
      expect((await session.fetchFlags({ from: 3, to: 4 })).map(({ uid, isDeleted }) => [uid, isDeleted])).toEqual([
        [3, false],
        [4, true],
      ]);
      expect(await session.fetchFlags({ from: 6 })).toEqual([]);
    });

    it("sets and takes away flags, and leaves others alone", async () => {
      await fill(1, ["Custom", "\\Answered"]);
      await session.select("INBOX");
      await session.setMarks([1], { add: markBits.seen | markBits.forwarded, remove: markBits.answered });
      expect(await flagsThere(1)).toEqual(["$Forwarded", "Custom", "\\Seen"]);
    });

    it("moves, and tells where each lies where the server does", async () => {
      await fill(3);
      await session.select("INBOX");
      const { uids: moved } = await session.move([1, 3], "Archive");
      expect(await uidsThere()).toEqual([2]);
      const archived = await uidsThere("Archive");
      expect(archived).toHaveLength(2);
      expect([[], archived]).toContainEqual([...moved.values()].toSorted());
    });

    it("[IMP-5] removes those named, and nothing that another client only marked", async () => {
      await fill(4);
      await other.messageFlagsAdd("2", ["\\Deleted"], { uid: true });
      await session.select("INBOX");
      await session.expunge([3]);
      await other.mailboxOpen("INBOX");
      expect(await other.search({ deleted: false }, { uid: true })).toEqual([1, 4]);
      expect(await other.search({ all: true }, { uid: true })).toContain(2);
    });

    it("[IMP-6] tells what changed since, and what vanished where it can", async () => {
      if (!session.offers.condstore) return;
      await fill(6);
      const { highestModseq = "" } = await session.select("INBOX");
      await other.messageFlagsAdd("2", ["\\Seen"], { uid: true });
      await other.messageDelete("4:5", { uid: true });
      await session.select("INBOX");
      const changes = await session.changesSince(highestModseq);
      expect(changes.flags).toEqual([{ uid: 2, marks: markBits.seen, labels: [], isDeleted: false }]);
      expect(changes.vanished).toEqual(session.offers.qresync ? [4, 5] : undefined);
      const again = await session.select("INBOX");
      expect(BigInt(again.highestModseq ?? 0)).toBeGreaterThan(BigInt(highestModseq));
      expect((await session.changesSince(again.highestModseq ?? "")).flags).toEqual([]);
    });

    it("appends with flags, labels and date, byte for byte", async () => {
      const labels = ["work", "Важные счета"];
      const { uid } = await session.append("Sent", Buffer.from(message(7)), { marks: markBits.seen, labels }, AT);
      expect(await uidsThere("Sent")).toEqual([1]);
      expect([undefined, 1]).toContain(uid);
      await session.select("Sent");
      const [sent] = await all(session.fetchSources([1]));
      expect(sent).toMatchObject({ marks: markBits.seen, receivedAt: AT });
      expect(sent?.labels.toSorted()).toEqual(labels);
      expect(sent?.source.toString()).toBe(message(7));
      await expect(session.append("Nowhere", Buffer.from(message(7)), noFlags, AT)).rejects.toMatchObject({
        reason: "server",
      });
    });

    it("[IMP-8] sets and takes away labels, and leaves keywords of others as they are", async () => {
      await fill(2);
      await other.messageFlagsAdd("1:2", ["$label1", "NonJunk", "\\Flagged"], { uid: true });
      expect(await session.select("INBOX")).toMatchObject({ keeps: 15, takesLabels: true });
      await session.setLabels([1, 2], { add: ["Счета", "to do", "x".repeat(60)], remove: [] });
      await session.setLabels([2], { add: [], remove: ["Счета"] });
      const found = await session.fetchFlags({ from: 1 });
      expect(found.map(({ uid, labels }) => [uid, labels.toSorted()])).toEqual([
        [1, ["to do", "Счета"]],
        [2, ["to do"]],
      ]);
      await other.mailboxOpen("INBOX");
      const row = await other.fetchOne("2", { flags: true }, { uid: true });
      expect(row && [...(row.flags ?? [])]).toEqual(expect.arrayContaining(["$label1", "NonJunk", "\\Flagged"]));
    });

    it("makes, renames and deletes folders, twice as well as once", async () => {
      const path = await session.createFolder(["Ideas", "Später"]);
      expect(await session.createFolder(["Ideas", "Später"])).toBe(path);
      await session.append(path, Buffer.from(message(1)), noFlags, AT);
      const renamed = await session.renameFolder(path, ["Ideas", "Früher"]);
      expect((await session.select(renamed)).exists).toBe(1);
      await expect(session.select(path)).rejects.toMatchObject({ name: "AccountFailure" });
      await session.deleteFolder(renamed);
      await session.deleteFolder(renamed);
      const paths = (await session.listFolders()).filter(({ holdsMessages }) => holdsMessages).map((each) => each.path);
      expect(paths).not.toContain(renamed);
    });

    it("[IMP-7] waiting ends with what happens, and when it is told to", async () => {
      await fill(1);
      await session.select("INBOX");
      const ending = new AbortController();
      const waiting = session.waitForNews({ maxMs: 600_000, signal: ending.signal });
      await other.append("INBOX", message(2));
      if (!session.offers.idle) ending.abort(); // the next look is half a minute away, unless it was just now
      expect(session.offers.idle ? ["news"] : ["news", "aborted"]).toContain(await waiting);
      const second = session.waitForNews({ maxMs: 600_000, signal: ending.signal });
      ending.abort();
      expect(["aborted", "news"]).toContain(await second);
      expect((await session.select("INBOX")).exists).toBe(2);
      expect(await session.waitForNews({ maxMs: 10, signal: new AbortController().signal })).not.toBe("aborted");
    });

    it("a session that was closed says so", async () => {
      await session.close();
      await expect(session.select("INBOX")).rejects.toMatchObject({ reason: "closed" });
    });
  });
}
