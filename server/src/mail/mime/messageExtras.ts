import { cleanName, domainOf, mailLimits, type MailAddress } from "@kontor/shared/mail";
import type { HeaderFields } from "./headerFields.ts";
import { storable } from "./html/escape.ts";
import type { MessageExtras } from "./parsedMessage.ts";

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

export function readExtras(
  headers: HeaderFields,
  from: readonly MailAddress[],
  sealed: MessageExtras["sealed"],
): MessageExtras {
  const extras: Mutable<MessageExtras> = {};
  const list = readList(headers, from);
  const importance = readImportance(headers);
  if (list) extras.list = list;
  if (importance) extras.importance = importance;
  if (sealed) extras.sealed = sealed;
  if (isAutomatic(headers)) extras.autoSubmitted = true;
  return extras;
}

const MAX_LIST_CHARS = 400;

/** RFC 2919 and 2369. Bulk senders of today name no list but say how to leave it: then the sender is the list. */
function readList(headers: HeaderFields, from: readonly MailAddress[]): MessageExtras["list"] {
  const named = headers.text("list-id") ?? headers.text("x-mailing-list");
  const unsubscribe = readUnsubscribe(headers.plain("list-unsubscribe"));
  if (named === undefined && unsubscribe === undefined) return undefined;
  const inner = /<(?<id>[^<>]+)>/.exec(named ?? "")?.groups?.["id"] ?? named ?? domainOf(from[0]?.address ?? "");
  const id = cleanName(storable(inner)).slice(0, MAX_LIST_CHARS);
  if (id === "") return undefined;
  return unsubscribe === undefined ? { id } : { id, unsubscribe };
}

function readUnsubscribe(field: string | undefined): string | undefined {
  const addresses = [...(field ?? "").slice(0, 8_192).matchAll(/<\s*(?<url>[^<>]{1,2000})>/g)].map(({ groups }) =>
    (groups?.["url"] ?? "").replaceAll(/\s/g, ""),
  );
  const usable = addresses.filter((url) => /^(?:https?|mailto):/i.test(url) && URL.canParse(url));
  return usable.find((url) => /^https:/i.test(url)) ?? usable[0];
}

function readImportance(headers: HeaderFields): MessageExtras["importance"] {
  const said = (
    headers.plain("importance") ??
    headers.plain("x-priority") ??
    headers.plain("x-msmail-priority") ??
    headers.plain("priority") ??
    ""
  ).toLowerCase();
  if (/^(?:high|urgent|[12]\b)/.test(said)) return "high";
  return /^(?:low|non-urgent|[45]\b)/.test(said) ? "low" : undefined;
}

/** RFC 3834 §2, and what programs before it wrote. */
function isAutomatic(headers: HeaderFields): boolean {
  const submitted = headers.plain("auto-submitted");
  if (submitted !== undefined && !/^no\b/i.test(submitted)) return true;
  if (headers.has("x-autoreply") || headers.has("x-autorespond")) return true;
  return /^(?:bulk|junk|auto_reply)\b/i.test(headers.plain("precedence") ?? "");
}

/** Message-IDs of a field, without brackets. What is longer than `MAX_ID_CHARS` has no place in an index. */
export function readMessageIds(field: string | undefined): readonly string[] {
  const text = storable(field ?? "");
  const bracketed = [...text.matchAll(/<(?<id>[^<>]{1,2000})>/g)].map(({ groups }) => groups?.["id"] ?? "");
  // Some programs leave the brackets out; a word with an at sign is one.
  const loose =
    bracketed.length > 0 ? bracketed : text.split(/[\s,]+/).filter((word) => /^[^\s<>"]+@[^\s<>"]+$/.test(word));
  return loose.map((id) => id.replaceAll(/[\s\p{Cc}]+/gu, "")).filter((id) => id !== "");
}

/** In the middle of a thread of hundreds it makes no difference; its first messages and its last ones connect it. */
export function boundReferences(ids: readonly string[]): readonly string[] {
  const unique = [...new Set(ids)];
  if (unique.length <= mailLimits.maxReferences) return unique;
  const first = Math.floor(mailLimits.maxReferences / 4);
  return [...unique.slice(0, first), ...unique.slice(first - mailLimits.maxReferences)];
}
