// The programs that Kontor uses and npm cannot bring: what each is for, how it is recognised, and how it is installed.
// On Debian and Ubuntu they are installed when this user may; everywhere else the exact words to type are printed, and
// Kontor runs without them: a preview that cannot be made says why.
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { run, start, stop } from "./children.ts";
import { hasOldestPostgres } from "./oldestPostgres.ts";

const INSTALL_LIMIT_MS = 15 * 60_000; // LibreOffice and Chromium are 300 MB: slow lines get a quarter of an hour
const HEARTBEAT_MS = 15_000;
const LOCK_WAIT_S = 300; // another package manager at work: wait for it instead of failing

export interface SystemPart {
  name: string;
  purpose: string;
  /** "use": wanted by `npm start` too; "tests": only by `npm test`. */
  wantedBy: "use" | "tests";
  isThere(): boolean;
  debian: string[];
  brew?: string;
  winget?: string;
}

export const systemParts: SystemPart[] = [
  {
    name: "Chromium",
    purpose: "end-to-end tests, and the desktop where Electron's binary cannot be had",
    wantedBy: "use",
    isThere: () => findChromium() !== undefined,
    debian: ["chromium"],
    brew: "--cask chromium",
    winget: "Google.Chrome",
  },
  {
    name: "LibreOffice",
    purpose: "previews of office files",
    wantedBy: "use",
    isThere: () =>
      anyThere(
        "soffice",
        "/Applications/LibreOffice.app/Contents/MacOS/soffice",
        "C:\\Program Files\\LibreOffice\\program\\soffice.exe",
      ),
    debian: ["libreoffice-writer-nogui", "libreoffice-calc-nogui", "libreoffice-impress-nogui"],
    brew: "--cask libreoffice",
    winget: "TheDocumentFoundation.LibreOffice",
  },
  {
    name: "LibreOffice's Python bridge",
    purpose: "fast previews of office files",
    wantedBy: "use",
    isThere: () => process.platform !== "linux" || anyThere("/usr/lib/python3/dist-packages/uno.py"),
    debian: ["python3-uno"],
  },
  {
    name: "poppler",
    purpose: "page images of PDF files",
    wantedBy: "use",
    isThere: () => anyThere("pdftoppm") && anyThere("pdfinfo"),
    debian: ["poppler-utils"],
    brew: "poppler",
    winget: "oschwartz10612.Poppler",
  },
  {
    name: "bubblewrap",
    purpose: "the jail in which hostile files are opened",
    wantedBy: "use",
    isThere: () => process.platform !== "linux" || anyThere("bwrap"),
    debian: ["bubblewrap"],
  },
  {
    name: "fonts",
    purpose: "documents that look as their authors meant, in Latin and Cyrillic",
    wantedBy: "use",
    isThere: () =>
      process.platform !== "linux" ||
      ["truetype/liberation", "truetype/noto", "opentype/inter"].every((folder) =>
        existsSync(`/usr/share/fonts/${folder}`),
      ),
    debian: ["fonts-liberation", "fonts-noto-core", "fonts-inter"],
  },
  {
    name: "PostgreSQL 15",
    purpose: "tests on the oldest database that is supported",
    wantedBy: "tests",
    isThere: hasOldestPostgres,
    debian: ["postgresql-15"],
  },
  {
    name: "OpenStack Swift",
    purpose: "tests against an S3 server that is not ours",
    wantedBy: "tests",
    isThere: () => ["swift-proxy-server", "swift-object-server", "memcached"].every((name) => anyThere(name)),
    debian: ["swift-proxy", "swift-account", "swift-container", "swift-object", "memcached"],
  },
  {
    name: "OpenSSL",
    purpose: "tests against a server whose certificate nobody vouches for",
    wantedBy: "tests",
    isThere: () => anyThere("openssl"),
    debian: ["openssl"],
  },
  {
    name: "Dovecot",
    purpose: "tests against a mail server that is not ours",
    wantedBy: "tests",
    isThere: () => anyThere("dovecot") && ["imap", "lmtp"].every((part) => anyThere(`/usr/lib/dovecot/${part}`)),
    debian: ["dovecot-imapd", "dovecot-lmtpd", "dovecot-sieve"],
  },
  {
    name: "Postfix",
    purpose: "tests against another mail server, both ways",
    wantedBy: "tests",
    isThere: () => anyThere("postfix") && anyThere("/usr/lib/postfix/sbin/master"),
    debian: ["postfix"],
  },
  {
    name: "mbsync",
    purpose: "the peer of the bench that fetches mail",
    wantedBy: "tests",
    isThere: () => anyThere("mbsync"),
    debian: ["isync"],
  },
  {
    name: "notmuch",
    purpose: "the peer of the benches that thread and search mail",
    wantedBy: "tests",
    isThere: () => anyThere("notmuch") && anyThere("/usr/lib/python3/dist-packages/notmuch2"),
    debian: ["notmuch", "python3-notmuch2"],
  },
  {
    name: "strace",
    purpose: "tests that kill the replica at a chosen write",
    wantedBy: "tests",
    isThere: () => process.platform !== "linux" || anyThere("strace"),
    debian: ["strace"],
  },
];

/** Installs what is missing, where this user may. Returns the parts that are still missing. */
export async function ensureSystemParts(wantedBy: "use" | "tests"): Promise<SystemPart[]> {
  const missing = (): SystemPart[] =>
    systemParts.filter((part) => (wantedBy === "tests" || part.wantedBy === "use") && !part.isThere());
  const wanted = missing();
  if (wanted.length === 0) return [];
  if (isDebianLike() && process.env.KONTOR_NO_SYSTEM !== "1") await installOnDebian(wanted);
  const still = missing();
  if (still.length > 0) console.log(wordsFor(still));
  return still;
}

/** The browser that stands in for Electron and runs the console's tests. */
export function findChromium(): string | undefined {
  return firstThere(
    ...(process.env.KONTOR_CHROMIUM ? [process.env.KONTOR_CHROMIUM] : []),
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe",
  );
}

/** What to type, for the parts that could not be installed. */
export function wordsFor(parts: SystemPart[], platform: NodeJS.Platform = process.platform): string {
  const lines = parts.map(({ name, purpose }) => `  ${name}: ${purpose}`);
  const typed = {
    linux: isDebianLike()
      ? [`sudo apt-get install --no-install-recommends ${parts.flatMap(({ debian }) => debian).join(" ")}`]
      : [`your distribution's packages for: ${parts.map(({ name }) => name).join(", ")}`],
    darwin: parts.flatMap(({ brew }) => (brew ? [`brew install ${brew}`] : [])),
    win32: parts.flatMap(({ winget }) => (winget ? [`winget install ${winget}`] : [])),
  }[platform as string];
  return [
    "Kontor runs without these programs, but what they are for will not work:",
    ...lines,
    ...(typed?.length ? ["To have them, type:", ...typed.map((line) => `  ${line}`)] : []),
  ].join("\n");
}

async function installOnDebian(parts: SystemPart[]): Promise<void> {
  const packages = parts.flatMap(({ debian }) => debian);
  const asRoot = await waysToRoot();
  if (!asRoot) return; // the words to type follow
  console.log(`Installing for ${parts.map(({ name }) => name).join(", ")}: ${packages.join(" ")} …`);
  const child = start([...asRoot, "sh", "-c", INSTALL_SCRIPT, "kontor", ...packages], { output: "keep" });
  let lastLine = "";
  let tail = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding("utf8").on("data", (text: string) => {
      tail = (tail + text).slice(-4_000);
      lastLine =
        tail
          .trimEnd()
          .split(/[\r\n]/)
          .at(-1) ?? "";
    });
  }
  const heartbeat = setInterval(() => console.log(`  … ${lastLine.slice(0, 110)}`), HEARTBEAT_MS);
  const limit = setTimeout(() => void stop(child), INSTALL_LIMIT_MS);
  const code = await new Promise<number | null>((done) => child.once("close", done).once("error", () => done(null)));
  clearInterval(heartbeat);
  clearTimeout(limit);
  if (code !== 0) console.log(`Installing did not succeed. apt-get said:\n${tail.trim()}`);
}

/**
 * Debian starts a service as soon as its package is unpacked. The tests start their own on free ports, so that a
 * policy-rc.d (Debian's own switch) forbids it for the moment of the installation, and only if there is none yet.
 */
const INSTALL_SCRIPT = `
set -e
export DEBIAN_FRONTEND=noninteractive
if [ ! -e /usr/sbin/policy-rc.d ]; then
  trap 'rm -f /usr/sbin/policy-rc.d' EXIT
  trap 'exit 1' INT TERM
  printf '#!/bin/sh\\nexit 101\\n' > /usr/sbin/policy-rc.d
  chmod 755 /usr/sbin/policy-rc.d
fi
update() {
  for wait in 0 5 20 60; do sleep $wait; apt-get update -q && return 0; done
  return 1
}
install() {
  apt-get install -y -q --no-install-recommends -o DPkg::Lock::Timeout=${LOCK_WAIT_S} -o Dpkg::Options::=--force-confold "$@"
}
ls /var/lib/apt/lists/*_Packages* >/dev/null 2>&1 || update
install "$@" || { update && install "$@"; } || { for each in "$@"; do install "$each" || failed="$failed $each"; done; [ -z "$failed" ]; }
`;

async function waysToRoot(): Promise<string[] | undefined> {
  if (process.getuid?.() === 0) return [];
  const sudo = await run(["sudo", "-n", "true"], { output: "keep", timeLimitMs: 5_000 });
  return sudo.code === 0 ? ["sudo", "-n"] : undefined;
}

function isDebianLike(): boolean {
  return process.platform === "linux" && anyThere("apt-get");
}

function anyThere(...names: string[]): boolean {
  return firstThere(...names) !== undefined;
}

/** The first of these programs that exists: absolute paths as they are, names on the PATH and where services live. */
function firstThere(...names: string[]): string | undefined {
  const folders = [...(process.env.PATH ?? "").split(delimiter), "/usr/sbin", "/usr/local/sbin"].filter(Boolean);
  const endings = process.platform === "win32" ? [".exe", ".cmd"] : [""];
  for (const name of names) {
    if (/[/\\]/.test(name)) {
      if (existsSync(name)) return name;
      continue;
    }
    for (const folder of folders) {
      for (const ending of endings) if (existsSync(join(folder, name + ending))) return join(folder, name + ending);
    }
  }
  return undefined;
}
