import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { chromium, type Browser, type Page } from "@playwright/test";
import { findChromium } from "../../electron-stand-in/chromium.ts";
import type { Vector } from "./vector.ts";

/**
 * A real browser that shows pieces of HTML, and everything around it that tells what they did: `top.hit` for scripts, a server that
 * nobody has reason to talk to for requests and for mere connections.
 */
export interface Watch {
  /** Where leaks go. */
  readonly leakOrigin: string;
  /** Shows each piece in a place of its own and pokes at it. */
  show(pieces: readonly Vector[], how: "inPage" | "asInnerHtml" | "framed"): Promise<Seen>;
  close(): Promise<void>;
}

export interface Seen {
  /** Ids whose script ran. */
  readonly ran: ReadonlySet<string>;
  /** Ids whose address was asked for. */
  readonly loaded: ReadonlySet<string>;
  /** How often somebody connected to the leak's server, with or without asking for something. */
  readonly connections: number;
  /** What is not as cleaned HTML must be, found in the browser's own tree: `id: what`. */
  readonly strange: readonly string[];
}

export async function startWatch(): Promise<Watch> {
  let loaded = new Set<string>();
  let connections = 0;
  const leaks = createServer((request, response) => {
    const id = /\/leak\/(?<id>[a-z]+-\d+)/.exec(request.url ?? "")?.groups?.["id"];
    loaded.add(id ?? `unknown: ${request.url}`);
    response.writeHead(204).end();
  });
  leaks.on("connection", () => connections++);
  let html = "";
  const pages = createServer((_request, response) => {
    response.writeHead(200, { "content-type": "text/html; charset=utf-8" }).end(html);
  });
  const [leakPort, pagePort] = await Promise.all([listen(leaks), listen(pages)]);
  const browser: Browser = await chromium.launch({ executablePath: findChromium(), args: ["--no-sandbox"] });
  const context = await browser.newContext();
  const opened = new Set<Page>();
  // Links open windows when they are poked at; what they were for is seen at the server.
  context.on("page", (page) => opened.add(page));

  return {
    leakOrigin: `http://127.0.0.1:${leakPort}`,
    async show(pieces, how) {
      loaded = new Set();
      connections = 0;
      html = pageOf(pieces, how);
      const page = await context.newPage();
      page.on("dialog", (dialog) => void dialog.dismiss().catch(() => undefined));
      await page.goto(`http://127.0.0.1:${pagePort}/`, { waitUntil: "load" });
      const strange = await page.evaluate(poke);
      // A last turn for what was started by poking, asked of the browser and not of a clock. Uncleaned pages never come to rest.
      if (how === "framed") await page.evaluate(() => fetch("/").then((answer) => answer.text()));
      else await page.waitForLoadState("networkidle");
      const ran = new Set(await page.evaluate(() => [...(globalThis as unknown as { ran: Set<string> }).ran]));
      for (const each of opened) await each.close();
      opened.clear();
      return { ran, loaded, connections, strange: how === "framed" ? [] : strange };
    },
    async close() {
      await browser.close();
      await Promise.all([stop(leaks), stop(pages)]);
    },
  };
}

function pageOf(pieces: readonly Vector[], how: "inPage" | "asInnerHtml" | "framed"): string {
  const head = `<!doctype html><meta charset=utf-8><body><script>window.ran = new Set(); window.hit = (id) => ran.add(id);</script>`;
  if (how === "inPage") {
    return head + pieces.map(({ id, html }) => `<section data-vector="${id}">${html}</section>`).join("\n");
  }
  const data = JSON.stringify(pieces.map(({ id, html }) => ({ id, html }))).replaceAll("<", String.raw`\u003c`);
  // Set, read and set again: what changes its meaning on the way does so here.
  const innerHtml = `for (const { id, html } of ${data}) {
    const section = document.createElement("section");
    section.dataset.vector = id;
    document.body.append(section);
    section.innerHTML = html;
    for (let turn = 0; turn < 2; turn++) section.innerHTML = section.innerHTML;
    const inert = new DOMParser().parseFromString(html, "text/html").body.innerHTML;
    if (inert !== section.innerHTML) {
      const other = document.createElement("section");
      other.dataset.vector = id;
      other.innerHTML = inert;
      document.body.append(other);
    }
  }`;
  const framed = `for (const { html } of ${data}) {
    const frame = document.createElement("iframe");
    frame.srcdoc = html;
    document.body.append(frame);
  }`;
  return `${head}<script>${how === "framed" ? framed : innerHtml}</script>`;
}

/** In the page: gives each handler its event, clicks what could be more than a link, and looks for what has no place there. */
function poke(): string[] {
  const tags = new Set(
    `A ABBR ACRONYM ADDRESS ARTICLE ASIDE B BDI BDO BIG BLOCKQUOTE BR CAPTION CENTER CITE CODE COL COLGROUP DD DEL DFN DIR DIV DL DT EM
    FIGCAPTION FIGURE FONT FOOTER H1 H2 H3 H4 H5 H6 HEADER HR I IMG INS KBD LI MAIN MARK MENU NAV OL P PRE Q RP RT RUBY S SAMP SECTION SMALL
    SPAN STRIKE STRONG STYLE SUB SUP TABLE TBODY TD TFOOT TH THEAD TIME TR TT U UL VAR WBR`.split(/\s+/),
  );
  const strange: string[] = [];
  const frames = [...document.querySelectorAll("iframe")].flatMap((frame) => frame.contentDocument ?? []);
  for (const root of [document, ...frames]) {
    for (const element of root.querySelectorAll("*")) {
      try {
        pokeAt(element);
      } catch {
        // A frame that went elsewhere, an element that is gone: nothing to poke at.
      }
    }
  }
  for (const section of document.querySelectorAll("section[data-vector]")) {
    const id = section.getAttribute("data-vector");
    for (const element of section.querySelectorAll("*")) {
      for (const what of strangeIn(element, tags)) strange.push(`${id}: ${what}`);
    }
  }
  return strange;

  function pokeAt(element: Element): void {
    for (const { name } of element.attributes) {
      if (name.startsWith("on")) element.dispatchEvent(new Event(name.slice(2)));
    }
    const href = element.getAttribute("href") ?? element.getAttribute("xlink:href") ?? "";
    const isOutward = element instanceof HTMLAnchorElement && /^(?:https?|mailto|tel):$/.test(element.protocol);
    if (!isOutward && (href !== "" || /^(?:BUTTON|INPUT|AREA)$/.test(element.tagName))) {
      element.dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true }));
    }
  }

  function strangeIn(element: Element, allowed: ReadonlySet<string>): string[] {
    const found: string[] = [];
    if (!allowed.has(element.tagName)) found.push(`element ${element.tagName}`);
    if (element.namespaceURI !== "http://www.w3.org/1999/xhtml") found.push(`namespace ${element.namespaceURI}`);
    for (const { name, value } of element.attributes) {
      if (
        /^(?:on|xlink|xml|form|is$|slot|part|srcset|srcdoc|action|background$|poster|data$|ping|download|http|access|tabindex|autofocus|contenteditable|popover|name$|usemap)/.test(
          name,
        )
      )
        found.push(`attribute ${name}`);
      if (/^(?:id|class)$/.test(name) && !/^(?:(?:m-[\w-]+|mail-body) ?)*$/.test(value)) found.push(`${name} ${value}`);
      if (name === "href" && !/^(?:https?:\/\/|mailto:|tel:|#m-)/.test(value)) found.push(`href ${value}`);
      if (name === "src" && !/^(?:cid:|data:image\/(?:png|jpe?g|gif|webp|bmp);base64,)/.test(value))
        found.push(`src ${value}`);
      if (name === "style" && /url|expression|position|@|\\|image-set|var\(/i.test(value)) found.push(`style ${value}`);
    }
    if (element.tagName === "STYLE" && /url|@import|@font|expression|\\|<|position/i.test(element.textContent ?? ""))
      found.push(`sheet ${element.textContent}`);
    const { position, transform, backgroundImage } = getComputedStyle(element);
    if (position !== "static") found.push(`position ${position}`);
    if (transform !== "none") found.push(`transform ${transform}`);
    if (backgroundImage.includes("url(")) found.push(`background ${backgroundImage}`);
    if (element instanceof HTMLAnchorElement && element.href !== "" && !element.getAttribute("href")?.startsWith("#")) {
      if (element.target !== "_blank" || !element.rel.includes("noopener")) found.push(`link ${element.outerHTML}`);
    }
    return found;
  }
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

async function stop(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise((resolve) => void server.close(resolve));
}
