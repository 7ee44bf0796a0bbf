import { fileLimits } from "@kontor/shared/files";
import { storable } from "./html/escape.ts";

/** What file systems refuse, what ends a path, and what turns text around (`fileNameSchema`). */
// oxlint-disable-next-line no-control-regex -- naming control characters is the point
const UNFIT = /[\u0000-\u001f\u007f<>:"|?*]/g;
const TURNING = /[\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;
/** Windows opens a device for these, with whatever extension. */
const DEVICE = /^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)/i;

/** The end of a path is its name, and four times what any file system takes. */
const MAX_LOOKED_AT_CHARS = 1_000;

/** A name from outside, fit for `fileNameSchema` and for every file system; empty when nothing of it stays. */
export function cleanFileName(name: string): string {
  const last =
    storable(name.slice(-MAX_LOOKED_AT_CHARS))
      .replaceAll(TURNING, "")
      .split(/[\\/]/)
      .findLast((part) => part.trim() !== "") ?? "";
  const clean = last
    .replaceAll(/\s+/g, " ")
    .replaceAll(UNFIT, "_")
    .trim()
    .replace(/[. ]+$/, "");
  if (clean === "" || clean === "." || clean === "..") return "";
  return cutBytes(DEVICE.test(clean) ? `_${clean}` : clean, fileLimits.maxNameBytes);
}

/** The second `a.pdf` is `a (2).pdf`. */
export function numberedName(name: string, taken: Set<string>): string {
  let free = name;
  for (let number = 2; taken.has(free.toLowerCase()); number++) {
    const [stem, extension] = splitName(name);
    const mark = ` (${number})`;
    free = cutBytes(stem, fileLimits.maxNameBytes - Buffer.byteLength(mark + extension)) + mark + extension;
  }
  taken.add(free.toLowerCase());
  return free;
}

function splitName(name: string): readonly [string, string] {
  const extension = /(?<!^)\.[^.\s]{1,16}$/.exec(name)?.[0] ?? "";
  return [name.slice(0, name.length - extension.length), extension];
}

function cutBytes(name: string, maxBytes: number): string {
  if (Buffer.byteLength(name) <= maxBytes) return name;
  const [stem, extension] = splitName(name);
  let cut = "";
  let bytes = Buffer.byteLength(extension);
  for (const char of stem) {
    bytes += Buffer.byteLength(char);
    if (bytes > maxBytes) break;
    cut += char;
  }
  return cut.trimEnd() + extension;
}

const EXTENSIONS: Readonly<Record<string, string>> = {
  "text/plain": "txt",
  "text/html": "html",
  "text/csv": "csv",
  "text/calendar": "ics",
  "application/ics": "ics",
  "text/vcard": "vcf",
  "text/x-vcard": "vcf",
  "text/rtf": "rtf",
  "text/rfc822-headers": "txt",
  "image/jpeg": "jpg",
  "image/png": "png",
  "image/gif": "gif",
  "image/webp": "webp",
  "image/svg+xml": "svg",
  "image/bmp": "bmp",
  "image/tiff": "tif",
  "application/pdf": "pdf",
  "application/zip": "zip",
  "application/json": "json",
  "application/xml": "xml",
  "text/xml": "xml",
  "application/msword": "doc",
  "application/pgp-encrypted": "asc",
  "application/pgp-signature": "asc",
  "application/pkcs7-mime": "p7m",
  "application/x-pkcs7-mime": "p7m",
  "application/pkcs7-signature": "p7s",
  "application/x-pkcs7-signature": "p7s",
  "message/rfc822": "eml",
  "message/global": "eml",
  "message/delivery-status": "txt",
  "message/disposition-notification": "txt",
};

/** For a part that has no name. */
export function nameForType(type: string): string {
  const stem = type.startsWith("image/")
    ? "image"
    : type === "text/calendar"
      ? "invite"
      : type.startsWith("message/")
        ? "message"
        : "attachment";
  return `${stem}.${EXTENSIONS[type] ?? "bin"}`;
}
