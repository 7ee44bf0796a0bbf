/**
 * What a person types as the server's address, as a URL; undefined when it is none. Without a scheme it is https, except
 * on this very computer. Plain http is taken for this computer and for private networks only (RFC 1918, RFC 4193):
 * anywhere else it would send the password in the clear.
 */
export function parseServerAddress(text: string): { url: string } | { problem: "invalid" | "insecure" } {
  const typed = text.trim();
  if (!typed || /\s/.test(typed)) return { problem: "invalid" };
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(typed)?.[1]?.toLowerCase();
  if (scheme !== undefined && scheme !== "http" && scheme !== "https") return { problem: "invalid" };
  let url: URL;
  try {
    url = new URL(scheme ? typed : `https://${typed}`);
  } catch {
    return { problem: "invalid" };
  }
  if (!url.hostname || url.username || url.password) return { problem: "invalid" };
  if (!scheme && isThisComputer(url.hostname)) url = new URL(`http://${typed}`);
  if (url.protocol === "http:" && !isThisComputer(url.hostname) && !isPrivate(url.hostname)) {
    return { problem: "insecure" };
  }
  return { url: url.origin + url.pathname.replace(/\/+$/, "") };
}

const isThisComputer = (host: string) =>
  host === "localhost" || host.endsWith(".localhost") || host === "[::1]" || /^127(\.\d{1,3}){3}$/.test(host);

const isPrivate = (host: string) =>
  host.startsWith("10.") ||
  host.startsWith("192.168.") ||
  /^172\.(1[6-9]|2\d|3[01])\./.test(host) ||
  /^\[f[cd]/.test(host) ||
  (!host.includes(".") && !host.startsWith("["));
