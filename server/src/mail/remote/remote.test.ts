import { describe, expect, it } from "vitest";
import { cleanHtml } from "../mime/html/cleanHtml.ts";
import { addressesIn } from "./remote.endpoints.ts";

describe("the pictures that a message shows from elsewhere", () => {
  it("are those that cleaning has put aside, as their addresses were", () => {
    const { html } = cleanHtml(
      `<p><img src="https://news.example/a.png?x=1&amp;y=2"><img src="cid:inside"><a href="https://news.example/link">go</a></p>
       <table background="http://news.example/b.gif"><tr><td>text</td></tr></table>`,
    );
    expect([...addressesIn(html)].toSorted()).toEqual([
      "http://news.example/b.gif",
      "https://news.example/a.png?x=1&y=2",
    ]);
  });
});
