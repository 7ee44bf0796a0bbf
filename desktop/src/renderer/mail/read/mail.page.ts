import DOMPurify from "dompurify";

/**
 * The page in which a message's HTML is shown: cleaned a second time, with a policy of its own that loads nothing from
 * anywhere, for a frame that runs nothing (`sandbox`). What the server's cleaning may have missed must get past the
 * cleaning here; what gets past both must get past the policy and the sandbox.
 */
export interface PageOptions {
  /** Pictures that travel with the message, by Content-ID, as addresses of this page. */
  readonly pictures: ReadonlyMap<string, string>;
  /** Pictures from elsewhere that the reader allowed, by their own address. */
  readonly remote?: ReadonlyMap<string, string> | undefined;
  /** Colours of the surrounding page, for messages that bring none of their own. */
  readonly colours: {
    readonly scheme: "light" | "dark";
    readonly ink: string;
    readonly link: string;
    readonly quiet: string;
    readonly line: string;
  };
  /** In place of pictures that are not shown. */
  readonly blockedWords: string;
  /** Rules for the interface's own type, which alone is fetched from the app. */
  readonly fonts?: string;
}

export interface MailPage {
  readonly html: string;
  /** Addresses of pictures from elsewhere that it would show. */
  readonly remote: readonly string[];
  /** It brings colours: it is shown on paper, whatever the theme. */
  readonly onPaper: boolean;
}

/** `font-src 'self'` is the app's own type; nothing in it leads out of this device. */
const POLICY = "default-src 'none'; img-src data: blob:; style-src 'unsafe-inline'; font-src 'self'";

const FORBIDDEN = [
  "form",
  "input",
  "button",
  "select",
  "textarea",
  "option",
  "iframe",
  "object",
  "embed",
  "base",
  "meta",
  "link",
  "svg",
  "math",
];

/**
 * Attributes that are words or numbers and load nothing, as the server's cleaning leaves them. DOMPurify holds every attribute that
 * it does not know as such against the pattern of addresses, which no number meets: tables and pictures would lose their sizes.
 */
const WORDS = (
  "abbr align axis bgcolor border bordercolor cellpadding cellspacing char charoff clear color cols colspan compact datetime dir " +
  "face frame headers height hspace lang noshade nowrap rowspan rules scope size span start type valign vspace width"
).split(" ");

export function mailPage(html: string, options: PageOptions): MailPage {
  const cleaned = DOMPurify.sanitize(html, {
    FORCE_BODY: true,
    ADD_TAGS: ["style"],
    ADD_ATTR: ["data-remote-src", "data-remote-background", "data-background", "target"],
    ADD_URI_SAFE_ATTR: WORDS,
    FORBID_TAGS: FORBIDDEN,
    ALLOWED_URI_REGEXP: /^(?:https?:|mailto:|tel:|cid:|data:image\/(?:png|jpe?g|gif|webp|avif);|blob:|#)/i,
    RETURN_DOM_FRAGMENT: true,
  });
  const onPaper = hasColours(html);
  const remote = showPictures(cleaned, options);
  prepareLinks(cleaned);
  markLongWords(cleaned);
  const holder = document.createElement("div");
  holder.append(cleaned);
  return {
    html: `<!doctype html><html><head><meta charset="utf-8"><meta http-equiv="content-security-policy" content="${POLICY}"><style>${styleOf(onPaper, options)}</style></head><body>${holder.innerHTML}</body></html>`,
    remote,
    onPaper,
  };
}

/** Returns the addresses from elsewhere. */
function showPictures(page: DocumentFragment, { blockedWords, pictures, remote }: PageOptions): readonly string[] {
  const wanted = new Set<string>();
  for (const image of page.querySelectorAll<HTMLImageElement>("img")) {
    const address = image.dataset["remoteSrc"];
    if (address !== undefined) {
      wanted.add(address);
      const shown = remote?.get(address);
      if (shown) image.setAttribute("src", shown);
      else blocked(image, blockedWords);
      continue;
    }
    const source = image.getAttribute("src") ?? "";
    if (source.startsWith("data:image/") || source.startsWith("blob:")) continue;
    const shown = source.startsWith("cid:") ? pictures.get(cidOf(source)) : undefined;
    if (shown) image.setAttribute("src", shown);
    else blocked(image, blockedWords);
  }
  for (const element of page.querySelectorAll<HTMLElement>("[data-remote-background], [data-background]")) {
    const { background = "", remoteBackground = "" } = element.dataset;
    if (remoteBackground) wanted.add(remoteBackground);
    const shown = background.startsWith("cid:") ? pictures.get(cidOf(background)) : remote?.get(remoteBackground);
    if (shown) element.style.backgroundImage = `url("${shown}")`;
  }
  return [...wanted];
}

const cidOf = (address: string): string => {
  const cid = address.slice("cid:".length);
  try {
    return decodeURIComponent(cid);
  } catch {
    return cid;
  }
};

/** What it would show, in words: a picture without its file is drawn as a broken one. */
function blocked(image: HTMLImageElement, words: string): void {
  // A pixel that counts readers leaves no hole.
  const label = image.getAttribute("alt")?.trim() || words;
  if (isTiny(image) || label === "") return image.remove();
  const place = image.ownerDocument.createElement("span");
  place.setAttribute("data-blocked", "");
  place.textContent = label;
  keepPlace(place, image);
  image.replaceWith(place);
}

/** Below it there is no room for words. */
const MIN_PLACE_PX = 24;

/** As large as the picture where that is said, so that nothing moves when it comes. */
function keepPlace(place: HTMLElement, image: HTMLImageElement): void {
  const [width, height] = ["width", "height"].map((side) => {
    const said = image.getAttribute(side) ?? "";
    return /^\d{1,5}$/.test(said) ? Number(said) : 0;
  }) as [number, number];
  if (Math.min(width, height) < MIN_PLACE_PX) return;
  place.style.width = `${width}px`;
  place.style.aspectRatio = `${width} / ${height}`;
}

const isTiny = (image: HTMLImageElement): boolean =>
  ["width", "height"].some((side) => {
    const size = Number.parseInt(image.getAttribute(side) ?? "", 10);
    return size >= 0 && size <= 3;
  });

/** A link leads nowhere by itself: the window asks first where it leads. */
function prepareLinks(page: DocumentFragment): void {
  for (const link of page.querySelectorAll<HTMLAnchorElement>("a[href], area[href]")) {
    link.removeAttribute("target");
    link.setAttribute("rel", "noopener noreferrer");
  }
}

/** No word of a language that offices write is so long: it is an address or a key, and nobody reads it by its letters. */
const LONG_WORD = /[^\s\u200b]{30,}/g;

/** In a table words stay whole, and make it as wide as it is; what is no word does not, or one address makes all of it scroll. */
function markLongWords(page: DocumentFragment): void {
  const walker = page.ownerDocument.createTreeWalker(page, NodeFilter.SHOW_TEXT);
  const texts: Text[] = [];
  while (walker.nextNode()) texts.push(walker.currentNode as Text);
  for (const text of texts) {
    if (!text.parentElement?.closest("td, th") || text.parentElement.localName === "style") continue;
    const found = [...text.data.matchAll(LONG_WORD)];
    // From the end: what stands before keeps its place.
    for (const { 0: word, index } of found.toReversed()) {
      const long = text.splitText(index);
      long.splitText(word.length);
      const mark = page.ownerDocument.createElement("span");
      mark.setAttribute("data-long", "");
      long.replaceWith(mark);
      mark.append(long);
    }
  }
}

/** Colours of its own anywhere: then its author saw it on white. */
function hasColours(html: string): boolean {
  return /\bbgcolor=|<font\b|\bcolor\s*=|(?:^|[;"'{\s])(?:background|color)(?:-color)?\s*:|data-(?:remote-)?background=/i.test(
    html,
  );
}

function styleOf(onPaper: boolean, { colours, fonts = "" }: PageOptions): string {
  const { ink, line, link, quiet } = onPaper
    ? { ink: "#1b2330", link: "#0b6e7f", quiet: "#515b6c", line: "#e3e6eb" }
    : colours;
  return `${fonts}
:root{color-scheme:${onPaper ? "light" : colours.scheme};${onPaper ? "background:#fff" : "background:transparent"}}
html,body{margin:0;padding:0;height:auto!important;min-height:0!important}
body{font:13px/1.5 "Inter Variable","Noto Sans",system-ui,sans-serif;color:${ink};${onPaper ? "padding:12px 14px;background:#fff" : ""};overflow-wrap:anywhere;overflow-x:auto;overflow-y:hidden}
a{color:${link}}
p{margin:0 0 8px}
img{max-width:100%;height:auto}
span[data-blocked]{display:inline-block;box-sizing:border-box;max-width:100%;overflow:hidden;vertical-align:bottom;padding:2px 7px;border:1px dashed ${line};border-radius:4px;color:${quiet};font-size:12px}
body>:last-child{margin-bottom:0}
blockquote{margin:8px 0;padding:0 0 0 12px;border-left:2px solid ${line};color:${quiet}}
pre{white-space:pre-wrap;overflow-wrap:anywhere}
table{max-width:100%}
td,th{overflow-wrap:break-word}
span[data-long]{overflow-wrap:anywhere}`;
}

/* ---------- links ---------- */

export interface LinkCheck {
  readonly address: string;
  /** What the text of the link claims, when it is another place. */
  readonly claims?: string;
}

/** Text that looks like an address and leads to another host is what phishing is made of. */
export function checkLink(address: string, text: string): LinkCheck {
  const real = hostOf(address);
  const claimed = claimedHost(text);
  if (!real || !claimed || isSameSite(real, claimed)) return { address };
  return { address, claims: text.trim() };
}

function claimedHost(text: string): string | undefined {
  const [word = ""] = text.trim().split(/\s+/);
  if (!/^(?:https?:\/\/|www\.)|^[\p{L}\p{N}-]+(?:\.[\p{L}\p{N}-]+)*\.\p{L}{2,}(?:[/?#:]|$)/iu.test(word))
    return undefined;
  return hostOf(/^https?:/i.test(word) ? word : `https://${word}`);
}

function hostOf(address: string): string | undefined {
  try {
    return new URL(address).hostname.replace(/^www\./, "");
  } catch {
    return undefined;
  }
}

const isSameSite = (real: string, claimed: string): boolean => real === claimed || real.endsWith(`.${claimed}`);
