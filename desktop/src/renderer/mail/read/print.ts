import type { ReplicaMessage } from "#contract";
import type { BodyDoc } from "@kontor/shared/mail";
import { mailPage } from "./mail.page.ts";
import type { Pictures } from "./pictures.ts";

export interface Printed {
  readonly message: ReplicaMessage;
  readonly body: BodyDoc | undefined;
  readonly pictures: Pictures;
  readonly lines: readonly (readonly [name: string, value: string])[];
}

const PAPER = { scheme: "light", ink: "#000", link: "#000", quiet: "#333", line: "#999" } as const;

/** Prints messages on paper: who, to whom and when above each, as it was written below. `ended`: it needs nothing any more. */
export function printMessages(printed: readonly Printed[], ended: () => void): void {
  const frame = document.createElement("iframe");
  // Printing is the one thing that the window does with this page; nothing runs in it.
  frame.sandbox.add("allow-same-origin", "allow-modals");
  frame.style.cssText = "position:fixed;width:0;height:0;border:0;visibility:hidden";
  frame.srcdoc = pageOf(printed);
  const end = () => {
    frame.remove();
    ended();
  };
  frame.addEventListener("load", () => {
    const view = frame.contentWindow;
    if (!view) return end();
    view.addEventListener("afterprint", end);
    view.print();
  });
  document.body.append(frame);
}

function pageOf(printed: readonly Printed[]): string {
  const parts = printed.map(({ body, lines, message, pictures }) => {
    const head = lines.map(([name, value]) => `<tr><th>${escaped(name)}</th><td>${escaped(value)}</td></tr>`).join("");
    const html = body?.html
      ? inner(mailPage(body.html, { pictures, colours: PAPER, blockedWords: "" }).html)
      : `<pre>${escaped(body?.text ?? "")}</pre>`;
    return `<section><h1>${escaped(message.subject)}</h1><table class="m-head">${head}</table>${html}</section>`;
  });
  const policy = "default-src 'none'; img-src data: blob:; style-src 'unsafe-inline'";
  return `<!doctype html><html><head><meta charset="utf-8"><meta http-equiv="content-security-policy" content="${policy}"><style>
body{font:11pt/1.45 system-ui,sans-serif;color:#000;margin:0}h1{font-size:14pt;margin:0 0 6pt}
.m-head{margin:0 0 12pt;border-bottom:1px solid #999;width:100%}.m-head th{text-align:left;font-weight:500;color:#333;padding-right:10pt;white-space:nowrap;vertical-align:top}
section+section{margin-top:24pt;padding-top:12pt;border-top:2px solid #000}pre{white-space:pre-wrap;font:inherit}img{max-width:100%}
</style></head><body>${parts.join("")}</body></html>`;
}

/** What stands in the body of a page that was made here. */
const inner = (page: string): string =>
  `${/<style>[^]*?<\/style>/.exec(page)?.[0] ?? ""}${page.slice(page.indexOf("<body>") + 6, page.lastIndexOf("</body>"))}`;

const escaped = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
