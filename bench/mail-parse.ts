/**
 * Messages read per second, from bytes to what is stored: text, cleaned HTML, addresses, attachments. Peers: postal-mime with sanitize-html
 * behind it, which is how one would do it without writing anything, and postal-mime alone, which cleans nothing. And HTML cleaned a second, of the
 * same messages, against sanitize-html with a list of tags, attributes and styles like ours. By the processor's time, since the machine is shared.
 */
import PostalMime from "postal-mime";
import sanitizeHtml from "sanitize-html";
import { cleanHtml } from "../server/src/mail/mime/html/cleanHtml.ts";
import { parseMessage } from "../server/src/mail/mime/parseMessage.ts";
import { figureOf, inTurns, report, roundsOf } from "./harness/figure.ts";
import { mailSamples } from "./harness/mail.samples.ts";

const samples = mailSamples(Number(process.env["ROWS"] ?? 400), randomFrom(20_261_128));
const documents = samples.flatMap(({ html }) => html ?? []);
const megabytes = documents.reduce((sum, html) => sum + html.length, 0) / 1e6;

const styles = Object.fromEntries(
  [
    "color",
    "background-color",
    "font-size",
    "font-family",
    "font-weight",
    "line-height",
    "margin",
    "padding",
    "border",
    "display",
    "text-decoration",
  ].map((name) => [name, [/^[\w\s#.,%()'"-]+$/]]),
);
const options: sanitizeHtml.IOptions = {
  allowedTags: [...sanitizeHtml.defaults.allowedTags, "img", "font", "center"],
  allowedAttributes: {
    "*": [
      "style",
      "class",
      "align",
      "valign",
      "width",
      "height",
      "border",
      "cellpadding",
      "cellspacing",
      "bgcolor",
      "alt",
    ],
    a: ["href"],
    img: ["src"],
  },
  allowedStyles: { "*": styles },
  allowedSchemes: ["http", "https", "mailto", "cid"],
};

async function perSecond(count: number, work: () => unknown): Promise<number> {
  const started = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(started);
  return Math.round((count * 1e6) / (user + system));
}

const read = await inTurns(roundsOf(5), {
  kontor: () =>
    perSecond(samples.length, () => {
      for (const { raw } of samples) if (parseMessage(raw).kind !== "parsed") throw new Error("a sample was not read");
    }),
  "postal-mime + sanitize-html": () =>
    perSecond(samples.length, async () => {
      for (const { raw } of samples) {
        const { html } = await PostalMime.parse(raw);
        if (html) sanitizeHtml(html, options);
      }
    }),
  "postal-mime": () =>
    perSecond(samples.length, async () => {
      for (const { raw } of samples) await PostalMime.parse(raw);
    }),
});
const cleaned = await inTurns(roundsOf(5), {
  kontor: () => perSecond(megabytes * 1_000, () => documents.map((html) => cleanHtml(html))),
  "sanitize-html": () => perSecond(megabytes * 1_000, () => documents.map((html) => sanitizeHtml(html, options))),
});

const { kontor, ...peers } = read;
const { kontor: ours, ...cleaners } = cleaned;
report("mail-parse", [
  figureOf({ name: "mail-parse", metric: "messages read", unit: "messages/s", better: "higher", ours: kontor, peers }),
  figureOf({ name: "mail-parse", metric: "HTML cleaned", unit: "kB/s", better: "higher", ours, peers: cleaners }),
]);

/** mulberry32: small, and the same on every machine. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
