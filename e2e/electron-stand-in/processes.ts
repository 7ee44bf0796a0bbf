// Children of the stand-in must not outlive it, not even a kill -9: in Electron they are one process tree with the browser
// process on top. The kernel sees to it (parent-death signal, through util-linux's setpriv, which then becomes the child);
// without setpriv Chromium still notices its closed pipe and a utility process its closed channel, only a little later.
import { existsSync } from "node:fs";

const setpriv = ["/usr/bin/setpriv", "/bin/setpriv"].find((path) => existsSync(path));

/** How to start `command` so that it dies with this process. */
export function dyingWithUs(command: string): { command: string; args: string[] } {
  return setpriv ? { command: setpriv, args: ["--pdeathsig", "KILL", command] } : { command, args: [] };
}
