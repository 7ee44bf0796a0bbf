// Plain Chromium cannot navigate to `app://…`. So `scheme://host/path` is served as
// `http://host.scheme.stand-in.localhost/path`: a secure context (it ends in .localhost) whose origin is the same on every
// run, because a resolver rule and not the URL leads it to our loopback port. Everything that crosses the border between
// the app or the spec and the browser is rewritten here, so neither ever sees the http form.

const SUFFIX = "stand-in.localhost";
const schemes = new Set<string>();

/** The resolver rule that leads every stand-in host to the loopback server. */
export const resolverRule = (port: number): string => `MAP *.${SUFFIX} 127.0.0.1:${port}`;
export const networkPattern = `*://*.${SUFFIX}:*/*`;

export function registerScheme(scheme: string): void {
  schemes.add(scheme);
}

export function isRegistered(scheme: string): boolean {
  return schemes.has(scheme);
}

/** `app://kontor/x` as the browser knows it; any other URL, and any text without such URLs, unchanged. */
export function toBrowser(text: string): string {
  if (schemes.size === 0) return text;
  const urls = new RegExp(`\\b(${[...schemes].join("|")})://([\\w-]+(?:\\.[\\w-]+)*)`, "g");
  return text.replace(urls, (_, scheme: string, host: string) => `http://${host}.${scheme}.${SUFFIX}`);
}

/** Any text from the browser with our http origins turned back into `scheme://host`. */
export function toApp(text: string): string {
  if (!text.includes(SUFFIX)) return text;
  return text.replace(
    /http:\/\/([\w.-]+?)\.([a-z][\w+-]*)\.stand-in\.localhost/g,
    (_, host: string, scheme: string) => `${scheme}://${host}`,
  );
}

/** The `scheme` and `host` behind an HTTP Host header of ours. */
export function parseHost(header: string | undefined): { scheme: string; host: string } | undefined {
  const found = /^([\w.-]+?)\.([\w+-]+)\.stand-in\.localhost/.exec(header ?? "");
  return found?.[1] && found[2] ? { host: found[1], scheme: found[2] } : undefined;
}

/** The origin of `url` as Electron reports it for custom schemes: `app://kontor`, where WHATWG's URL says "null". */
export function originOf(url: string): string {
  if (!URL.canParse(url)) return "null";
  const { origin, protocol, host } = new URL(url);
  return origin === "null" && host ? `${protocol}//${host}` : origin;
}

/** A content security policy that means the same to the browser: `app:` as a source becomes every host of that scheme. */
export function policyToBrowser(policy: string): string {
  if (schemes.size === 0) return policy;
  const schemeSources = new RegExp(`(?<=\\s)(${[...schemes].join("|")}):(?=[\\s;]|$)`, "g");
  return toBrowser(policy).replace(schemeSources, (_, scheme: string) => `http://*.${scheme}.${SUFFIX}`);
}
