import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { addressKey } from "./mail.address.ts";
import type { MailAddress } from "./mail.docs.ts";
import { draftSchema } from "./mail.intents.ts";
import { mailLimits } from "./mail.limits.ts";
import {
  answerDraft,
  forwardSubject,
  quoteWords,
  replyAllRecipients,
  replyRecipients,
  replySubject,
  type Answerer,
  type AnswerTo,
} from "./reply.ts";

const [ann, bob, eve, list] = ["ann@house.example", "bob@far.example", "eve@far.example", "all@lists.example"].map(
  (address) => ({ address }),
) as [MailAddress, MailAddress, MailAddress, MailAddress];
const by: Answerer = {
  addresses: ["ann@house.example", "anna@house.example"],
  name: "Ann",
  words: quoteWords("en", "UTC"),
};

const sourceOf = (message: Partial<AnswerTo["message"]>, body?: AnswerTo["body"]): AnswerTo => ({
  message: {
    id: "018f0000-0000-7000-8000-000000000001",
    subject: "Offer",
    from: [bob],
    to: [ann],
    cc: [],
    sentAt: "2026-03-02T10:05:00.000Z",
    attachments: [],
    cards: [],
    ...message,
  },
  body,
});

describe("the subject of an answer", () => {
  it.each([
    ["Offer", "Re: Offer"],
    ["Re: Offer", "Re: Offer"],
    ["RE: Re[2]: AW: Offer", "Re: Offer"],
    ["Отв: На: Договор", "Re: На: Договор"],
    ["Ответ: Re: Отв[3]: Договор", "Re: Договор"],
    ["Fwd: Re: Offer", "Re: Offer"],
    ["[Ticket 17] Offer", "Re: [Ticket 17] Offer"],
    ["[list] Re: Offer", "Re: [list] Offer"],
    ["Re: [list] Re: [list] Offer", "Re: [list] Offer"],
    ["  Offer\t two ", "Re: Offer two"],
    ["", "Re:"],
    ["Reorganisation: plan", "Re: Reorganisation: plan"],
  ])("of %j is %j", (subject, reply) => {
    expect(replySubject(subject)).toBe(reply);
  });

  it("of what is forwarded", () => {
    expect(forwardSubject("Fwd: Пересл: Offer")).toBe("Fwd: Offer");
    expect(forwardSubject("Re: Offer")).toBe("Fwd: Offer");
  });

  it("is the same answered once more, and holds what it was about", () => {
    const mark = fc.constantFrom("Re: ", "RE:", "Fwd: ", "Отв: ", "AW: ", "Re[7]: ", "[list] ", "ПЕРЕСЛ: ", " ");
    const words = fc.constantFrom("Offer", "Договор № 7", "a [b] c", "quarter: figures", "x".repeat(900));
    fc.assert(
      fc.property(fc.array(mark, { maxLength: 12 }), words, (marks, word) => {
        const once = replySubject(marks.join("") + word);
        expect(replySubject(once)).toBe(once);
        expect(replySubject(forwardSubject(once))).toBe(once);
        expect(once).toMatch(/^Re: (?!re:|fwd:|отв:|пересл:)/i);
        expect(once).toContain(word);
      }),
    );
  });
});

describe("who gets an answer", () => {
  it("is whoever wrote, or where they want answers", () => {
    expect(replyRecipients(sourceOf({}), by)).toEqual({ to: [bob], cc: [] });
    expect(replyRecipients(sourceOf({ replyTo: [eve] }), by)).toEqual({ to: [eve], cc: [] });
    expect(replyRecipients(sourceOf({ replyTo: [] }), by)).toEqual({ to: [bob], cc: [] });
  });

  it("of what one sent oneself is whoever got it", () => {
    expect(replyRecipients(sourceOf({ from: [ann], to: [bob, eve] }), by)).toEqual({ to: [bob, eve], cc: [] });
    const all = replyAllRecipients(sourceOf({ from: [ann], to: [bob], cc: [eve, ann] }), by);
    expect(all).toEqual({ to: [bob], cc: [eve] });
  });

  it("of a list is its author alone, and all of it only when all are answered", () => {
    const source = sourceOf({ to: [list], cc: [eve], replyTo: [list], list: { id: "all.lists.example" } });
    expect(replyRecipients(source, by)).toEqual({ to: [bob], cc: [] });
    expect(replyAllRecipients(source, by)).toEqual({ to: [bob, list], cc: [eve] });
    // A list that writes in its own name says who wrote by Reply-To.
    const rewritten = sourceOf({ from: [list], to: [list], replyTo: [bob], list: { id: "all.lists.example" } });
    expect(replyRecipients(rewritten, by)).toEqual({ to: [bob], cc: [] });
  });

  it("is oneself where there is nobody else", () => {
    expect(replyAllRecipients(sourceOf({ from: [ann], to: [ann] }), by)).toEqual({ to: [ann], cc: [] });
  });

  const person = fc.record(
    {
      address: fc.constantFrom(
        "ann@house.example",
        "ANNA@house.example",
        "bob@far.example",
        "Bob@Far.example",
        "eve@far.example",
        "all@lists.example",
        "zoe@far.example",
      ),
      name: fc.constantFrom("A", "B"),
    },
    { requiredKeys: ["address"] },
  );
  const people = fc.array(person, { maxLength: 6 });

  it("to all: everybody but oneself, nobody twice, whatever the message looks like", () => {
    fc.assert(
      fc.property(
        fc.record({ from: fc.array(person, { minLength: 1, maxLength: 2 }), to: people, cc: people, replyTo: people }),
        fc.boolean(),
        (message, isList) => {
          const source = sourceOf({ ...message, ...(isList && { list: { id: "x" } }) } as Partial<AnswerTo["message"]>);
          const { to, cc } = replyAllRecipients(source, by);
          const keys = [...to, ...cc].map(({ address }) => addressKey(address));
          expect(new Set(keys).size).toBe(keys.length);
          const isOther = ({ address }: MailAddress) => !by.addresses.includes(addressKey(address));
          const keysOf = (list: readonly MailAddress[]) =>
            list.filter(isOther).map(({ address }) => addressKey(address));
          expect(to.length).toBeGreaterThan(0);
          expect(cc.every(isOther)).toBe(true);
          // Oneself only where there is nobody else to write to.
          expect(to.every(isOther) || keysOf(to).length === 0 || keysOf(message.to).length === 0).toBe(true);
          expect(keys).toEqual(expect.arrayContaining(keysOf([...message.to, ...message.cc])));
          const author = message.from.every(isOther) ? replyRecipients(source, by).to : [];
          expect(keys).toEqual(expect.arrayContaining(keysOf(author)));
        },
      ),
    );
  });
});

describe("a draft that answers", () => {
  it("is written from the address under which the message came, and quotes it", () => {
    const source = sourceOf(
      { from: [{ address: "bob@far.example", name: "Bob <B>" }], to: [{ address: "Anna@House.example" }] },
      { text: "Hi", html: "<style>p{color:red}</style><p>Hi</p>" },
    );
    const { draft, attach } = answerDraft("reply", source, { ...by, signature: "<p>-- Ann</p>" });
    expect(draft).toMatchObject({
      from: { address: "anna@house.example", name: "Ann" },
      to: [{ address: "bob@far.example", name: "Bob <B>" }],
      subject: "Re: Offer",
      origin: { kind: "reply", sourceId: source.message.id },
    });
    expect(draft.html).toBe(
      "<p><br></p><p>-- Ann</p><p><br></p>" +
        "<p>On 2 March 2026 at 10:05, &quot;Bob &lt;B&gt;&quot; &lt;bob@far.example&gt; wrote:</p>" +
        '<blockquote type="cite"><p>Hi</p></blockquote>',
    );
    expect(attach).toEqual([]);
    expect(answerDraft("reply", sourceOf({ to: [list] }), by).draft.from.address).toBe("ann@house.example");
  });

  it("takes along the pictures that it quotes, and forwards everything", () => {
    const attachment = { mime: "image/png", size: 1, sha256: "a", state: "stored", previewState: "none" } as const;
    const attachments = [
      { ...attachment, id: "shown", name: "logo.png", cid: "logo@far", inline: true },
      { ...attachment, id: "paper", name: "offer.pdf" },
      { ...attachment, id: "hidden", name: "old.png", cid: "old@far", inline: true },
    ];
    const source = sourceOf({ attachments }, { text: "", html: '<img src="cid:logo@far">' });
    expect(answerDraft("reply", source, by).attach).toEqual([{ sourceFileId: "shown", cid: "logo@far" }]);
    const forward = answerDraft("forward", source, by);
    expect(forward.attach).toEqual([
      { sourceFileId: "shown", cid: "logo@far" },
      { sourceFileId: "paper" },
      { sourceFileId: "hidden" },
    ]);
    expect(forward.draft).toMatchObject({ to: [], subject: "Fwd: Offer", origin: { kind: "forward" } });
    expect(forward.draft.html).toContain("<b>From:</b> bob@far.example<br>");
    expect(answerDraft("redirect", source, by)).toMatchObject({
      draft: { subject: "Offer", html: '<img src="cid:logo@far">', to: [] },
      attach: [],
    });
  });

  it("speaks Russian, too", () => {
    const words = quoteWords("ru", "Europe/Moscow");
    const { draft } = answerDraft("reply", sourceOf({}, { text: "Привет\n<b>" }), { ...by, words });
    expect(draft.html).toContain("2 марта 2026 г. в 13:05, bob@far.example пишет:");
    expect(draft.html).toContain("<p>Привет<br>&lt;b&gt;</p>");
  });

  it("fits its own limits, whatever it quotes", () => {
    const long = "&".repeat(mailLimits.maxDraftHtmlChars);
    const texts = fc.constantFrom("", "a", long, "\ud83d\ude00".repeat(100_000));
    const kinds = fc.constantFrom("reply", "replyAll", "forward", "redirect");
    fc.assert(
      fc.property(texts, fc.option(texts, { nil: undefined }), kinds, (text, html, kind) => {
        const crowd = Array.from({ length: 3000 }, (_, n) => ({ address: `p${n}@far.example` }));
        const source = sourceOf({ subject: long, to: crowd, cc: crowd }, { text, ...(html !== undefined && { html }) });
        const { draft } = answerDraft(kind as "reply", source, by);
        expect(draftSchema.safeParse(draft).success).toBe(true);
        expect(draft.html.isWellFormed()).toBe(true);
      }),
      { numRuns: 40 },
    );
  });
});
