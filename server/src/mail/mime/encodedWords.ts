import { decodeText } from "./charset.ts";
import { decodeBase64 } from "./transfer.ts";

/**
 * RFC 2047: `=?koi8-r?B?8NLJ18XU?=`. Words that follow each other are one text, and a character may begin in one and end in the
 * next. What is no word stays as it is. Our own and not postal-mime's, since that reads unknown charsets as windows-1252.
 */
export function decodeWords(text: string): string {
  return mapWords(text, (decoded) => decoded);
}

/** Every word as one in UTF-8, for parsers that must see words and not what they say: a comma in a name parts no addresses. */
export function unifyWords(text: string): string {
  return mapWords(text, (decoded) => `=?utf-8?B?${Buffer.from(decoded).toString("base64")}?=`);
}

interface Word {
  readonly charset: string;
  readonly bytes: Uint8Array;
}

function mapWords(text: string, map: (decoded: string) => string): string {
  let out = "";
  let run: Word[] = [];
  let at = 0;
  const flush = () => {
    if (run.length > 0) out += map(decodeRun(run));
    run = [];
  };
  while (at < text.length) {
    const start = text.indexOf("=?", at);
    if (start < 0) break;
    const found = wordAt(text, start);
    const between = text.slice(at, start);
    // White space between two words is only folding.
    if (between !== "" && !(found && run.length > 0 && /^[ \t\r\n]+$/.test(between))) {
      flush();
      out += between;
    }
    if (found) run.push(found.word);
    else {
      flush();
      out += "=?";
    }
    at = found ? found.end : start + 2;
  }
  flush();
  return out + text.slice(at);
}

/** RFC 2047 §2 allows 75 characters; programs were seen to write a whole subject as one. */
const MAX_WORD_CHARS = 8_192;
const HEAD = /=\?(?<charset>[^?\s]{1,60})\?(?<encoding>[QqBb])\?/y;

function wordAt(text: string, start: number): { readonly word: Word; readonly end: number } | undefined {
  HEAD.lastIndex = start;
  const head = HEAD.exec(text)?.groups;
  if (!head) return undefined;
  const from = HEAD.lastIndex;
  const to = text.slice(from, from + MAX_WORD_CHARS).indexOf("?=");
  if (to < 0) return undefined;
  const content = text.slice(from, from + to);
  const bytes = /q/i.test(head["encoding"] ?? "") ? decodeQ(content) : decodeBase64(Buffer.from(content, "latin1"));
  return { word: { charset: (head["charset"] ?? "").toLowerCase(), bytes }, end: from + to + 2 };
}

function decodeQ(content: string): Uint8Array {
  const bytes: number[] = [];
  const source = Buffer.from(content);
  for (let at = 0; at < source.length; at++) {
    const byte = source[at] ?? 0;
    const pair = byte === 0x3d ? source.toString("latin1", at + 1, at + 3) : "";
    if (/^[0-9a-f]{2}$/i.test(pair)) {
      bytes.push(Number.parseInt(pair, 16));
      at += 2;
    } else bytes.push(byte === 0x5f ? 0x20 : byte);
  }
  return Uint8Array.from(bytes);
}

function decodeRun(run: readonly Word[]): string {
  let text = "";
  for (let at = 0; at < run.length;) {
    const charset = run[at]?.charset ?? "";
    let end = at;
    while (run[end]?.charset === charset) end++;
    const words = run.slice(at, end).map(({ bytes }) => bytes);
    const joined = decodeText(Buffer.concat(words), charset).text;
    text += joined.includes("\ufffd") ? words.map((bytes) => decodeText(bytes, charset).text).join("") : joined;
    at = end;
  }
  return text;
}
