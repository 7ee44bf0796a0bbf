import { Readable } from "node:stream";
import { describe, expect, it } from "vitest";
import type { RecipientAnswer, Route, Transmission, Transport } from "./transport.port.ts";

/** The far server of a contract: it takes everything that the script does not refuse, and tells what came. */
export interface ContractPeer {
  /** What it says to these recipients, and to the message: `550 5.1.1 No such user`; nothing: it takes them. */
  refuse(what: { readonly recipients?: Readonly<Record<string, string>>; readonly message?: string }): void;
  /** Hangs up after the final dot, without an answer, and keeps the message. */
  loseAnswer(): void;
  /** Hangs up as soon as the body begins. */
  cutBody(): void;
  /** Says nothing any more from now on. */
  fallSilent(): void;
  received(): readonly { readonly from: string; readonly to: readonly string[]; readonly raw: string }[];
}

export interface ContractCase {
  readonly transport: Transport;
  readonly route: Route;
  readonly peer: ContractPeer;
}

const BODY = "From: a@ours.example\r\nSubject: x\r\n\r\n.\r\n..two\r\nlast\r\n";

/** Rules TRN-1 to TRN-6 of the port, for each way that a transport has. `begin` gives a peer in a good mood. */
export function transportContract(name: string, begin: () => Promise<ContractCase>): void {
  const transmit = (
    { transport, route }: ContractCase,
    recipients: readonly string[],
    more: Partial<Transmission> & { from?: string } = {},
  ) =>
    transport.transmit({
      envelope: { from: more.from ?? "anna@ours.example", recipients, envelopeId: "envelope-1" },
      raw: () => Readable.from([Buffer.from(BODY)]),
      size: BODY.length,
      route,
      signal: new AbortController().signal,
      ...more,
    });
  const kinds = (answers: readonly RecipientAnswer[]) => answers.map(({ recipient, kind }) => [recipient, kind]);

  describe(`transport: ${name}`, () => {
    it("[TRN-1] [TRN-4] says of each recipient that it was taken, once it was", async () => {
      const begun = await begin();
      const to = ["one@far.example", "two@far.example", "three@far.example"];
      const taken = begun.route.kind === "mx" ? "delivered" : "relayed";
      expect(kinds(await transmit(begun, to))).toEqual(to.map((recipient) => [recipient, taken]));
      expect(begun.peer.received()).toMatchObject([{ from: "anna@ours.example", to }]);
    });

    it("[TRN-2] [TRN-3] a refused recipient keeps no other from being served", async () => {
      const begun = await begin();
      begun.peer.refuse({
        recipients: {
          "no@far.example": "550 5.1.1 No such user here",
          "full@far.example": "452 4.2.2 Mailbox is full",
        },
      });
      const answers = await transmit(begun, ["no@far.example", "yes@far.example", "full@far.example"]);
      expect(answers[0]).toEqual({
        recipient: "no@far.example",
        kind: "permanent",
        code: 550,
        enhancedCode: "5.1.1",
        words: "No such user here",
      });
      expect(answers[1]).toMatchObject({ recipient: "yes@far.example", code: 250 });
      expect(answers[2]).toMatchObject({ recipient: "full@far.example", kind: "temporary", code: 452 });
      expect(begun.peer.received()).toMatchObject([{ to: ["yes@far.example"] }]);
    });

    it("[TRN-2] answers each by itself where all are refused, and nothing is handed over", async () => {
      const begun = await begin();
      begun.peer.refuse({ recipients: { "no@far.example": "550 5.1.1 No", "later@far.example": "450 4.2.0 Later" } });
      expect(kinds(await transmit(begun, ["no@far.example", "later@far.example"]))).toEqual([
        ["no@far.example", "permanent"],
        ["later@far.example", "temporary"],
      ]);
      expect(begun.peer.received()).toEqual([]);
    });

    it("[TRN-4] what is refused after the final dot is refused, for all who were taken until then", async () => {
      const begun = await begin();
      begun.peer.refuse({ recipients: { "no@far.example": "550 5.1.1 No" }, message: "554 5.7.1 Looks like spam" });
      const answers = await transmit(begun, ["yes@far.example", "no@far.example"]);
      expect(answers).toMatchObject([
        { kind: "permanent", code: 554, enhancedCode: "5.7.1", words: "Looks like spam" },
        { kind: "permanent", code: 550, enhancedCode: "5.1.1" },
      ]);
      begun.peer.refuse({ message: "451 4.3.0 Try again" });
      expect(await transmit(begun, ["yes@far.example"])).toMatchObject([{ kind: "temporary", code: 451 }]);
    });

    it("[TRN-3] words are one line without control characters, and end", async () => {
      const begun = await begin();
      begun.peer.refuse({ message: `550 5.7.1 See ${"https://far.example/why ".repeat(100)}` });
      const [answer] = await transmit(begun, ["yes@far.example"]);
      expect(answer?.words.length).toBeLessThanOrEqual(500);
      expect(answer?.words).toMatch(/^See https:/);
    });

    it("[TRN-4] a lost answer is no answer, and says so; the message may have been taken", async () => {
      const begun = await begin();
      begun.peer.loseAnswer();
      const [answer] = await transmit(begun, ["yes@far.example"]);
      expect(answer?.kind).toBe("connection");
      expect(answer?.words).toMatch(/handed over/);
      expect(begun.peer.received().length).toBe(1);
    });

    it("[TRN-5] answers where the far server hangs up in the middle of the message", async () => {
      const begun = await begin();
      begun.peer.cutBody();
      const large = () =>
        Readable.from(
          (function* () {
            for (let part = 0; part < 200; part++) yield Buffer.alloc(64 * 1024, "x\r\n");
          })(),
        );
      const answers = await transmit(begun, ["yes@far.example"], { raw: large, size: 200 * 64 * 1024 });
      expect(answers).toMatchObject([{ kind: "connection" }]);
      expect(answers[0]?.words).not.toMatch(/handed over/);
    });

    it("[TRN-5] answers where the far server falls silent", async () => {
      const begun = await begin();
      begun.peer.fallSilent();
      expect(await transmit(begun, ["yes@far.example"])).toMatchObject([{ kind: "connection" }]);
    });

    it("[TRN-5] stops when told to", async () => {
      const begun = await begin();
      begun.peer.fallSilent();
      const stop = new AbortController();
      const answers = transmit(begun, ["yes@far.example"], { signal: stop.signal });
      stop.abort();
      expect(await answers).toMatchObject([{ kind: "connection" }]);
      expect(await transmit(begun, ["yes@far.example"], { signal: stop.signal })).toMatchObject([
        { kind: "connection" },
      ]);
    });

    it("[TRN-5] a message that cannot be read is nobody's answer, and nothing of it is kept", async () => {
      const begun = await begin();
      const broken = () =>
        Readable.from(
          (async function* () {
            yield Buffer.from("From: a@ours.example\r\n\r\nhalf");
            throw new Error("the store is gone");
          })(),
        );
      expect(await transmit(begun, ["yes@far.example"], { raw: broken })).toMatchObject([{ kind: "connection" }]);
      expect(begun.peer.received()).toEqual([]);
    });

    it("[TRN-6] the bytes arrive as they are, dots and all, and lone line ends become CR LF", async () => {
      const begun = await begin();
      await transmit(begun, ["yes@far.example"]);
      expect(begun.peer.received()[0]?.raw).toBe(BODY);
      const smuggled = "Subject: x\n\nbefore\n.\nMAIL FROM:<evil@far.example>\r.\rafter";
      await transmit(begun, ["yes@far.example"], { raw: () => Readable.from([Buffer.from(smuggled)]) });
      expect(begun.peer.received()[1]?.raw).toBe(`${smuggled.replaceAll(/\r?\n|\r/g, "\r\n")}\r\n`);
      expect(begun.peer.received().length).toBe(2);
    });

    it("[TRN-1] nobody is told of what has no sender", async () => {
      const begun = await begin();
      await transmit(begun, ["yes@far.example"], { from: "" });
      expect(begun.peer.received()).toMatchObject([{ from: "" }]);
    });
  });
}
