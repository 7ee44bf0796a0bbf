import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cleanHtml } from "./cleanHtml.ts";

const clean = (html: string) => cleanHtml(html).html;

describe("cleanHtml", () => {
  it.each([
    ["words and emphasis", "<p>Hi <b>there</b>, <i>you</i></p>", "<p>Hi <b>there</b>, <i>you</i></p>"],
    ["unclosed paragraphs", "<p>a<p>b", "<p>a</p><p>b</p>"],
    [
      "unclosed cells",
      "<table><tr><td>a<td>b<tr><td>c</table>",
      "<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>",
    ],
    ["unclosed items", "<ul><li>a<ul><li>b</ul><li>c</ul>", "<ul><li>a<ul><li>b</li></ul></li><li>c</li></ul>"],
    ["crossed tags", "<b>a<i>b</b>c</i>", "<b>a<i>b</i></b>c"],
    ["a closing tag of nothing", "a</div></table>b", "ab"],
    [
      "one that would leave its cell",
      "<table><tr><td><p>a</td></tr></table>b",
      "<table><tr><td><p>a</p></td></tr></table>b",
    ],
    [
      "a cell's end within a quote",
      "<div><table><tr><td></div>a</td></tr></table></div>",
      "<div><table><tr><td>a</td></tr></table></div>",
    ],
    [
      "a page's body",
      '<html><head><title>t</title></head><body bgcolor="#eee">x</body></html>',
      '<div class="mail-body" bgcolor="#eee">x</div>',
    ],
    ["unknown elements", "<o:p>x</o:p><center>y</center>", "x<center>y</center>"],
    ["characters that mean something", "<p>1 &lt; 2 &amp; 3 > 2", "<p>1 &lt; 2 &amp; 3 &gt; 2</p>"],
    ["names of characters", "&nbsp;&mdash;&euro;&#x1F600;&nosuch;", "\u00a0—€😀&amp;nosuch;"],
    ["comments, conditional ones, too", "a<!-- x --><!--[if mso]><b>y</b><![endif]-->b", "ab"],
  ])("writes %s anew", (_what, html, expected) => {
    expect(clean(html)).toBe(expected);
  });

  it.each([
    ["a script", "a<script>alert(1)</script>b", "ab"],
    ["a handler", '<p onclick="alert(1)">x</p>', "<p>x</p>"],
    ["a script's address", '<a href="java\tscript:alert(1)">x</a>', "<a>x</a>"],
    [
      "a form",
      '<form action="https://evil.example"><input name="password"><button>Go</button></form>',
      "<div><span>Go</span></div>",
    ],
    ["a frame", '<iframe src="https://evil.example"><p>x</iframe>y', "y"],
    ["foreign markup", "<svg><p>x</p></svg><math><mi>y</mi></math>z", "z"],
    ["a base and a refresh", '<base href="https://evil.example"><meta http-equiv="refresh" content="0">x', "x"],
  ])("[HTM-1] %s is gone", (_what, html, expected) => {
    expect(clean(html)).toBe(expected);
  });

  it.each([
    [
      "a picture",
      '<img src="http://a.example/x.png" alt="x">',
      '<img alt="x" data-remote-src="http://a.example/x.png">',
    ],
    ["one without a scheme", '<img src="//a.example/x.png">', '<img data-remote-src="https://a.example/x.png">'],
    [
      "the first of a set",
      '<img srcset="https://a.example/1.png 1x, https://a.example/2.png 2x">',
      '<img data-remote-src="https://a.example/1.png">',
    ],
    [
      "a background",
      '<td background="https://a.example/x.png">',
      '<td data-remote-background="https://a.example/x.png"></td>',
    ],
    [
      "a background of a style",
      `<p style="color:red;background:#fff url('https://a.example/x.png') no-repeat">x</p>`,
      '<p style="color:red;background:#fff no-repeat" data-remote-background="https://a.example/x.png">x</p>',
    ],
  ])("[HTM-2] %s is put aside", (_what, html, expected) => {
    expect(cleanHtml(html)).toMatchObject({ html: expected, hasRemote: true });
  });

  it("[HTM-2] what nobody could allow is gone, and does not count", () => {
    const html = `<style>@import "https://a.example";@font-face{font-family:x;src:url(https://a.example)}</style><video src="https://a.example"></video><img src="relative.png">`;
    expect(cleanHtml(html)).toMatchObject({ html: "<img>", hasRemote: false });
  });

  it("pictures of the message itself are named", () => {
    const { html, cids, hasRemote } = cleanHtml('<img src="cid:a%40b"><img src="CID:c@d"><td background="cid:e">');
    expect(html).toBe('<img src="cid:a%40b"><img src="cid:c@d"><td data-background="cid:e"></td>');
    expect([...cids]).toEqual(["a@b", "c@d", "e"]);
    expect(hasRemote).toBe(false);
  });

  it("[HTM-4] a picture's name is not decoded again and again", () => {
    expect(clean(clean('<img src="cid:%2541">'))).toBe('<img src="cid:%2541">');
    expect([...cleanHtml('<img src="cid:%2541">').cids]).toEqual(["%41"]);
  });

  it("pictures that lie here under an address are named by their Content-ID", () => {
    const cidOf = (address: string) => (address === "images/logo.png" ? "logo" : undefined);
    expect(cleanHtml('<img src="images/logo.png"><img src="other.png">', { cidOf }).html).toBe(
      '<img src="cid:logo"><img>',
    );
  });

  it("small pictures within the text stay, documents that call themselves pictures do not", () => {
    const pixel = "data:image/gif;base64,R0lGODlhAQABAAAAACwAAAAAAQABAAA=";
    expect(clean(`<img src="${pixel}">`)).toBe(`<img src="${pixel}">`);
    expect(clean('<img src="data:image/svg+xml;base64,PHN2Zz4=">')).toBe("<img>");
    expect(clean(`<img src="data:image/png;base64,${"A".repeat(200_000)}">`)).toBe("<img>");
  });

  it("a link says where it leads", () => {
    expect(clean('<a href="HTTPS://USER@Bücher.example\\a">x</a>')).toBe(
      '<a href="https://USER@xn--bcher-kva.example/a" target="_blank" rel="noopener noreferrer nofollow">x</a>',
    );
    expect(clean('<a href="#part" name="top">x</a>')).toBe('<a id="m-top" href="#m-part">x</a>');
  });

  it("[HTM-3] names are not those of a page of ours", () => {
    expect(clean('<p id="root" class="close x" name="y">z</p>')).toBe('<p id="m-root" class="m-close m-x">z</p>');
  });

  it("[HTM-3] styles of elements and sheets keep looks and lose places", () => {
    const html = `<style>p.a, body > #b:hover { color: red; position: fixed; margin: 0 } @media (max-width: 600px) { .c { display: none !important } } .d[x] { color: red }</style><p style="POSITION:fixed;top:0;color:blue">x</p>`;
    expect(clean(html)).toBe(
      '<style>p.m-a, .mail-body > #m-b:hover{color:red;margin:0}@media (max-width: 600px){.m-c{display:none !important}}</style><p style="color:blue">x</p>',
    );
  });

  it.each([
    ["comments that part a function from its bracket", "background:red url/**/(//127.1/x)"],
    ["escaped names", "b\\61 ckground:url(//127.1/x)"],
    ["an address in a variable", "--a:url(//127.1/x);color:var(--a)"],
    ["functions that load", "background-image:image-set('//127.1/x' 1x)"],
    ["a bracket that never closes", "color:rgb(1,2;background:url(//127.1/x)"],
    ["a string that ends the attribute", `font-family:'"><img src=x>'`],
  ])("[HTM-2] [HTM-3] style: %s", (_what, css) => {
    expect(clean(`<p style="${css.replaceAll('"', "&quot;")}">x</p>`)).toBe("<p>x</p>");
  });

  it("[HTM-4] cleaning what is clean changes nothing, whatever it was made of", () => {
    const pieces = fc.array(fc.constantFrom(...PIECES), { maxLength: 40 }).map((parts) => parts.join(""));
    fc.assert(
      fc.property(fc.oneof(pieces, fc.string({ unit: "binary" })), (html) => {
        const once = clean(html);
        expect(clean(once)).toBe(once);
      }),
      { numRuns: 2_000 },
    );
  });

  it("[HTM-1] what comes out is balanced and of known elements, whatever went in", () => {
    const pieces = fc.array(fc.constantFrom(...PIECES), { maxLength: 60 }).map((parts) => parts.join(""));
    fc.assert(
      fc.property(pieces, (html) => {
        expect(unbalanced(clean(html))).toEqual([]);
      }),
      { numRuns: 2_000 },
    );
  });

  it("[HTM-5] what comes out is bounded", () => {
    const { html, isCut } = cleanHtml("<p>0123456789</p>".repeat(10_000), { maxChars: 1_000 });
    expect(isCut).toBe(true);
    expect(html.length).toBeLessThan(1_100);
    expect(unbalanced(html)).toEqual([]);
  });

  it("[HTM-1] what is not told is told at no depth", () => {
    expect(clean(`${"<div>".repeat(300)}<script>x</script><style>y</style><svg>z</svg>a`)).toContain("<div>a</div>");
  });

  it("[HTM-5] a million tags that nothing closes are no deeper than the bound", () => {
    const html = clean(`${"<div>".repeat(1_000_000)}x${"</p>".repeat(1_000_000)}`);
    expect(html).toBe(`${"<div>".repeat(256)}x${"</div>".repeat(256)}`);
  });
});

const PIECES = [
  "<p>", "</p>", "<b>", "</b>", "<i>", "</i>", "<div class='x'>", "</div>", "<table>", "</table>", "<tr>", "<td>", "</td>", "<ul>", "<li>", "</ul>", "<a href='https://x.example'>",
  "</a>", "<a name=n>", "<h1>", "</h1>", "<h2>", "<dl>", "<dt>", "<dd>", "<svg>", "</svg>", "<style>", "</style>", "p{color:red}", "<script>", "</script>", "<!--", "-->", "<![CDATA[", "]]>",
  "<textarea>", "</textarea>", "<title>", "</title>", "<math>", "<mtext>", "<select>", "<option>", "<form>", "</form>", "<body>", "<html>", "<br>", "<br/>", "</br>", "<img src=cid:x%2541>",
  "<img src=//x.example/y>", "<p style='color:red;background:url(//x.example)'>", "<plaintext>", "<xmp>", "<template>", "<noscript>", "<iframe>", "text", "&lt;", "&amp;", "&", "<", ">", '"', "'", "`",
  "\u0000", "\ud800", "<p title='", "=\"", "/>", "<p/", "<x-y>",
]; // prettier-ignore

/** Tags that are not closed, or close what was not opened; attributes outside of the list. */
function unbalanced(html: string): string[] {
  const open: string[] = [];
  const wrong: string[] = [];
  for (const [tag, slash, name = "", rest = ""] of html.matchAll(/<(\/?)([a-z0-9]*)((?: [a-z-]+="[^"<>]*")*)>?/g)) {
    if (!tag.endsWith(">") || name === "" || rest.includes(" on")) wrong.push(tag);
    else if (slash === "/") {
      if (open.pop() !== name) wrong.push(tag);
    } else if (!/^(?:br|img|hr|col|wbr)$/.test(name)) open.push(name);
  }
  return [...wrong, ...open];
}
