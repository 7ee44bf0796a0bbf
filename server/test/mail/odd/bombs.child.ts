/** Reads one of the bombs in a process of its own and prints what it took. */
import { parseBounce } from "../../../src/mail/mime/parseBounce.ts";
import { parseMessage } from "../../../src/mail/mime/parseMessage.ts";
import { bombs } from "./bombs.ts";

const raw = bombs[process.argv[2] ?? ""]?.();
if (!raw) throw new Error("no such bomb");
parseMessage(Buffer.from("Subject: warm\r\n\r\nup"));
const before = process.memoryUsage().rss;
const measured = (work: () => unknown) => {
  const started = process.cpuUsage();
  const result = work();
  const { user, system } = process.cpuUsage(started);
  return { result, ms: (user + system) / 1_000 };
};
const parse = measured(() => parseMessage(raw).kind);
const bounce = measured(() => parseBounce(raw));
console.log(
  JSON.stringify({
    kind: parse.result,
    parseMs: parse.ms,
    bounceMs: bounce.ms,
    moreMb: process.resourceUsage().maxRSS / 1024 - before / 1024 ** 2,
  }),
);
