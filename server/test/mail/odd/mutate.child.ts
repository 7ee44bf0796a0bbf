/**
 * Reads mutations of the odd messages, in a process of its own with little memory: `SEED`, `FROM` and `COUNT` say which. Each mutation has
 * a seed of its own, so that one that fails is made again alone. Prints one line of JSON.
 */
import { fileNameSchema } from "@kontor/shared/files";
import { mailLimits } from "@kontor/shared/mail";
import { cleanHtml } from "../../../src/mail/mime/html/cleanHtml.ts";
import { parseBounce } from "../../../src/mail/mime/parseBounce.ts";
import { parseMessage } from "../../../src/mail/mime/parseMessage.ts";
import { oddMessages } from "./corpus.ts";
import { mutate } from "./mutate.ts";
import { seeded } from "./seeded.ts";

const [seed, from, count] = ["SEED", "FROM", "COUNT"].map((name) => Number(process.env[name])) as [
  number,
  number,
  number,
];
const MAX_MS = 2_000;
const MAX_BASE_BYTES = 65_536;
const bases = Object.values(oddMessages)
  .flat()
  .map(({ raw }) => raw)
  .filter((raw) => raw.length > 0 && raw.length <= MAX_BASE_BYTES);

const wrong: { index: number; what: string }[] = [];
let slowest = { index: from, ms: 0 };
let parsed = 0;
for (let index = from; index < from + count; index++) {
  const random = seeded(seed * 1_000_003 + index);
  const raw = mutate(random.pick(bases), bases, random);
  // The processor's time: what else the machine does is no fault of the message's.
  const started = process.cpuUsage();
  const what = faultOf(raw);
  const { user, system } = process.cpuUsage(started);
  // What is measured is what a message needs, and not how long the collector may wait.
  if (index % 500 === 0) globalThis.gc?.();
  const ms = (user + system) / 1_000;
  if (ms > slowest.ms) slowest = { index, ms };
  if (what !== undefined) wrong.push({ index, what });
  if (ms > MAX_MS) wrong.push({ index, what: `took ${ms} ms` });
}
console.log(
  JSON.stringify({ wrong: wrong.slice(0, 20), slowest, parsed, maxRssMb: process.resourceUsage().maxRSS / 1024 }),
);

/** What must hold of every message that there is. */
function faultOf(raw: Buffer): string | undefined {
  parseBounce(raw);
  const outcome = parseMessage(raw);
  if (outcome.kind === "unreadable") return outcome.reason === "failed" ? outcome.message : undefined;
  parsed++;
  const { message } = outcome;
  const { attachments, html, text, messageId, subject, snippet, refs, people } = message;
  if (messageId === "" || /[\s<>\p{Cc}]/u.test(messageId)) return `Message-ID ${JSON.stringify(messageId)}`;
  if (/[\n\r]/.test(subject) || subject.length > mailLimits.maxSubjectChars)
    return `subject ${JSON.stringify(subject)}`;
  if (snippet.length > mailLimits.maxSnippetChars || text.length > mailLimits.maxTextChars) return "text too long";
  if (refs.length > mailLimits.maxReferences || people.to.length > mailLimits.maxRecipients) return "too many";
  const unfit = attachments.find(({ name }) => !fileNameSchema.safeParse(name).success);
  if (unfit) return `name ${JSON.stringify(unfit.name)}`;
  const stored = JSON.stringify({
    ...message,
    attachments: attachments.map(({ name, mime, cid }) => [name, mime, cid]),
  });
  if (/\\u0000|\\ud[89a-f]/.test(stored))
    return `cannot be stored: ${/.{20}(?:\\u0000|\\ud[89a-f])/.exec(stored)?.[0]}`;
  if (html !== undefined && cleanHtml(html, { maxChars: 10 * mailLimits.maxHtmlChars }).html !== html)
    return `HTML changes: ${html.slice(0, 200)}`;
  return undefined;
}
