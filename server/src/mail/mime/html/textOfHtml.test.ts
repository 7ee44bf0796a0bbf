import { describe, expect, it } from "vitest";
import { textOfHtml } from "./textOfHtml.ts";

describe("textOfHtml", () => {
  it.each([
    ["paragraphs", "<p>a</p><p>b</p>", "a\n\nb"],
    ["lines", "a<br>b<div>c</div>d", "a\nb\nc\nd"],
    ["folded white space", "<p> a \n  b\t c </p>", "a b c"],
    ["text laid out as it stands", "<pre>a\n  b</pre>c", "a\n  b\n\nc"],
    ["rows and cells", "<table><tr><td>a<td>b<tr><td>c</table>", "a b\nc"],
    ["lists", "<ul><li>a<li>b</ul><ol><li>c<li>d</ol>", "* a\n* b\n\n1. c\n2. d"],
    [
      "links whose words are not their address",
      '<a href="https://a.example/x">click</a>',
      "click <https://a.example/x>",
    ],
    [
      "links that say it",
      '<a href="https://a.example/">a.example</a> <a href="mailto:x@y.z">x@y.z</a>',
      "a.example x@y.z",
    ],
    ["pictures", '<img src="x" alt="Logo"> Ltd', "Logo Ltd"],
    ["quotes", "<p>a</p><blockquote>b<br>c<blockquote>d</blockquote></blockquote>e", "a\n\n> b\n> c\n>\n>> d\n\ne"],
    ["nothing of scripts, styles and titles", "<title>t</title><style>p{}</style><script>x</script>y", "y"],
    ["no fillers of a hidden first line", "Sale&#847;&zwnj;&nbsp;&#8203;now", "Sale\u00a0now"],
    ["names of characters", "&lt;b&gt; &amp; &euro;", "<b> & €"],
  ])("%s", (_what, html, expected) => {
    expect(textOfHtml(html)).toBe(expected);
  });

  it("ends where it is long enough", () => {
    expect(textOfHtml("<p>0123456789</p>".repeat(100_000), 1_000).length).toBeLessThan(1_100);
  });
});
