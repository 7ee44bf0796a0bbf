import { dirname, sep } from "node:path";
import type { JailKind, JailOrder } from "#previews";

/** nobody: owns nothing on any system. */
export const JAIL_UID = 65534;

const OPEN_FILES = 1024; // LibreOffice holds some 300 open, fonts included
const NICENESS = 5; // a third of the weight of the server and its database; all of a processor that nobody wants

/** Programs, libraries and fonts; no home, no data, nothing of /etc that is about this machine. */
const SYSTEM = [
  "/usr",
  "/bin",
  "/sbin",
  "/lib",
  "/lib32",
  "/lib64",
  "/opt",
  "/etc/alternatives",
  "/etc/fonts",
  "/etc/ld.so.cache",
  "/etc/libreoffice",
  "/var/cache/fontconfig",
];

/** The descriptor whose far end only the server holds: it closes when the server dies, in whatever way. */
export const LIFELINE_FD = 3;

/** The command line that runs `order` in a jail of this kind. All but `timeLimit` want a pipe at {@link LIFELINE_FD}. */
export function jailCommand(kind: JailKind, order: JailOrder, { asRoot }: { asRoot: boolean }): string[] {
  const program = [order.program, ...order.args];
  const drop = asRoot ? DROP_RIGHTS : [];
  if (kind === "bubblewrap") {
    // Rights first: inside, root may not signal other users' processes.
    const inside = [...drop, ...inItsPlace("-1", program)];
    return [...limits(order), "bwrap", ...bubblewrap(order, asRoot), "--", ...inside];
  }
  const dropped = [...drop, ...program];
  if (kind === "namespaces") {
    return inItsPlace("0", [...limits(order), "unshare", ...namespaces(asRoot), "--", ...dropped]);
  }
  if (kind === "limits") return inItsPlace("0", [...limits(order), ...dropped]);
  return program;
}

/**
 * A shell that gives `command` its place beneath the server.
 *
 * JAIL-4, it dies with the server: the shell waits for the lifeline's end, and kills then: `-1` all that runs in its PID
 * namespace, `0` its process group. The kernel's signal at a parent's death (bubblewrap's --die-with-parent, unshare's
 * --kill-child) is not enough: who asks for it after the parent has died never gets it, and bubblewrap's first process
 * inside asks only when everything is mounted.
 *
 * JAIL-6, it yields to the server: twenty documents that arrive at once would take every processor for a minute. Where
 * Linux weighs whole sessions against each other (sched(7), autogroup), a process's own niceness counts only within its
 * session, so the session gets it, too.
 */
function inItsPlace(target: "-1" | "0", command: string[]): string[] {
  const waiter = `{ ${YIELD_SESSION} read -r _ <&${LIFELINE_FD}; kill -9 ${target}; } </dev/null >/dev/null 2>&1 &`;
  return ["sh", "-c", `${waiter} exec nice -n ${NICENESS} "$@" ${LIFELINE_FD}<&-`, "sh", ...command];
}

/** Again, since Linux takes such a wish only ten times a second, of all processes together. */
const YIELD_SESSION = [
  "for pause in 0.1 0.2 0.4 0; do",
  "[ -e /proc/self/autogroup ] || break;",
  `echo ${NICENESS} >/proc/self/autogroup && break;`,
  "sleep $pause;",
  "done;",
].join(" ");

/** Root first, since only root may bind what only root may read; then away with the rights, for good. */
const DROP_RIGHTS = [
  "setpriv",
  `--reuid=${JAIL_UID}`,
  `--regid=${JAIL_UID}`,
  "--clear-groups",
  "--bounding-set=-all",
  "--no-new-privs",
];

function limits(order: JailOrder): string[] {
  const cpuSeconds = Math.ceil((order.timeoutMs / 1000) * 2); // two busy threads for the whole time
  return [
    "prlimit",
    // Private memory. The address space is no measure: Node and LibreOffice reserve far more than they use.
    `--data=${order.memoryBytes}`,
    `--cpu=${cpuSeconds}`,
    `--fsize=${order.outputBytes}`,
    `--nofile=${OPEN_FILES}`,
    "--core=0",
    "--",
  ];
}

function bubblewrap(order: JailOrder, asRoot: boolean): string[] {
  const args = [
    "--die-with-parent", // JAIL-4; when it is told to end, too
    "--new-session",
    ...(asRoot
      ? // Without a user namespace, which some kernels refuse; the capabilities are those that setpriv needs.
        [
          ...["net", "pid", "ipc", "uts"].map((name) => `--unshare-${name}`),
          "--unshare-cgroup-try",
          "--cap-drop",
          "ALL",
          ...["CAP_SETUID", "CAP_SETGID", "CAP_SETPCAP"].flatMap((name) => ["--cap-add", name]),
        ]
      : ["--unshare-all"]),
    "--clearenv",
    ...environment(order).flatMap(([name, value]) => ["--setenv", name, value]),
    "--perms",
    "1777",
    "--tmpfs",
    "/tmp",
  ];
  const made = new Set(["/", "/tmp"]);
  const bind = (how: string, path: string) => {
    // bubblewrap makes missing parents for root alone: the jail's user could not pass through them.
    for (const parent of parentsOf(path)) {
      if (!made.has(parent)) args.push("--perms", "0755", "--dir", parent);
      made.add(parent);
    }
    args.push(how, path, path);
  };
  for (const path of [...SYSTEM, ...(order.readOnly ?? [])]) bind("--ro-bind-try", path);
  bind("--bind", order.workDirectory);
  args.push("--proc", "/proc", "--dev", "/dev", "--chdir", "/");
  return args;
}

function namespaces(asRoot: boolean): string[] {
  const own = ["--net", "--pid", "--ipc", "--uts", "--fork", "--kill-child"];
  return asRoot ? own : ["--user", "--map-root-user", ...own];
}

/** Nothing of the server's own environment goes inside: it holds secrets. */
export const environment = (order: JailOrder): [string, string][] =>
  Object.entries({
    PATH: "/usr/local/bin:/usr/bin:/bin",
    HOME: order.workDirectory,
    LANG: "C.UTF-8",
    ...order.environment,
  });

function parentsOf(path: string): string[] {
  const parents: string[] = [];
  for (let at = dirname(path); at !== sep && at !== dirname(at); at = dirname(at)) parents.unshift(at);
  return parents;
}
