import type { Delivery } from "./intake.port.ts";

/** Far servers call themselves what they like; what they say becomes a line of a header. */
const clean = (text: string): string => text.replaceAll(/[^\w.:[\]-]/g, "?").slice(0, 255) || "unknown";
const cleanAddress = (address: string): string => address.replaceAll(/[\s<>()\\"]/g, "?").slice(0, 320);

/** The fields that a server puts in front of what it takes (RFC 5321 §4.4). */
export function traceOf(
  { origin, from, recipients }: Delivery,
  { id, ownName, at }: { id: string; ownName: string; at: string },
): string {
  // Of several recipients none is named: some of them are blind copies (RFC 5321 §7.6).
  const [only, another] = recipients;
  const forWhom = only !== undefined && another === undefined ? `\r\n\tfor <${cleanAddress(only)}>` : "";
  const source = origin.ip === "" ? clean(origin.helo) : `${clean(origin.helo)} (${addressLiteral(origin.ip)})`;
  return [
    `Return-Path: <${cleanAddress(from)}>`,
    `Received: from ${source}\r\n\tby ${ownName} with ${origin.protocol} id ${id}${forWhom};\r\n\t${rfcDate(at)}`,
    "",
  ].join("\r\n");
}

const addressLiteral = (ip: string): string => (ip.includes(":") ? `[IPv6:${clean(ip)}]` : `[${clean(ip)}]`);

const rfcDate = (at: string): string => new Date(at).toUTCString().replace("GMT", "+0000");
