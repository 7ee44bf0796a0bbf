import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { savedHtml, shownCids, shownHtml } from "./draft.html.ts";

const FILE = "018f0000-0000-7000-8000-000000000001";

describe("the HTML of a draft", () => {
  it("saves its own pictures by their Content-ID, whatever they are shown by", () => {
    const saved = '<p>See <img src="cid:a@kontor" alt="plan"> here</p>';
    expect(savedHtml(`<p>See <img src="files/${FILE}/content" alt="plan" data-cid="a@kontor"> here</p>`, [])).toBe(
      saved,
    );
    // One that is not on this device yet is not lost either.
    expect(savedHtml('<p>See <img src="cid:a@kontor" alt="plan" data-cid="a@kontor"> here</p>', [])).toBe(saved);
  });

  it("keeps a Content-ID, whatever it is made of", () => {
    const cid = fc.string({ minLength: 1, maxLength: 60 }).filter((text) => /^[!-\u{10ffff}]+$/u.test(text));
    fc.assert(
      fc.property(cid, (text) => {
        const named = text
          .replaceAll("&", "&amp;")
          .replaceAll('"', "&quot;")
          .replaceAll("<", "&lt;")
          .replaceAll(">", "&gt;");
        const saved = savedHtml(`<img src="files/${FILE}/content" alt="x" data-cid="${named}">`, []);
        expect(saved).toBe(`<img src="cid:${named}" alt="x">`);
        expect(shownCids(saved)).toEqual(new Set([text]));
      }),
    );
  });

  it("leaves pictures alone that are not its own", () => {
    const html = '<p><img data-remote-src="https://x.example/a.png"></p>';
    expect(savedHtml(shownHtml(html), [])).toBe(html);
  });

  it("puts each quotation back where it stood, byte for byte", () => {
    const table = "<table bgcolor=red><tr><td>$& $1</table>";
    const html =
      '<p>Hello</p><blockquote type="cite" data-quotation="cite"></blockquote><p>and</p><div class="m-forwarded" data-quotation="forwarded"></div>';
    expect(
      savedHtml(html, [
        { kind: "cite", html: table },
        { kind: "forwarded", html: "<i>x</i>" },
      ]),
    ).toBe(
      `<p>Hello</p><blockquote type="cite">${table}</blockquote><p>and</p><div class="m-forwarded"><i>x</i></div>`,
    );
  });

  it("leaves the rules of what is forwarded with it", () => {
    const cleaned = '<style>.m-a{color:red}</style><p>Look</p><div class="m-forwarded"><p class="m-a">x</p></div>';
    expect(shownHtml(cleaned)).toBe(
      '<p>Look</p><div class="m-forwarded"><style>.m-a{color:red}</style><p class="m-a">x</p></div>',
    );
  });

  it("knows which pictures are still shown, in quotations as well", () => {
    const html =
      '<img src="cid:a"><blockquote type="cite"><td data-background="cid:b"><img src="cid:c&amp;d"></blockquote>';
    expect(shownCids(html)).toEqual(new Set(["a", "b", "c&d"]));
  });
});
