import { createHash } from "node:crypto";
import { storable } from "./html/escape.ts";
import type { MimePart } from "./splitParts.ts";

/** Longer ones name nothing that a program made. */
const MAX_CID_CHARS = 200;

/** Under which HTML names a part (RFC 2392), without brackets. A part that has only an address (RFC 2557) gets one made of it. */
export function contentIdOf(part: MimePart): string | undefined {
  const cid = storable(part.headers.plain("content-id") ?? "").replaceAll(/[\s<>\p{Cc}]/gu, "");
  if (cid !== "" && cid.length <= MAX_CID_CHARS) return cid;
  const location = contentLocationOf(part);
  return location === undefined
    ? undefined
    : `location-${createHash("sha256").update(location).digest("hex").slice(0, 24)}`;
}

/** The address under which HTML of the 1990s, and saved pages, name a part of their message. */
export function contentLocationOf({ headers }: MimePart): string | undefined {
  const location = storable(headers.plain("content-location") ?? "").replaceAll(/\s/g, "");
  return location === "" ? undefined : location;
}
