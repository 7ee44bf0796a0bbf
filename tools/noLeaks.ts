// A test file that leaves a socket, a server or a child process open fails: in production the same line would hold a
// connection for ever. Runs in every test file's process, after all of its own hooks.
import { afterAll } from "vitest";

const GRACE_MS = 5_000; // sockets that were told to close take a few turns of the event loop; a busy machine more
const POLL_MS = 25;
const WATCHED = new Set(["TCPServerWrap", "TCPSocketWrap", "UDPWrap", "ProcessWrap", "FSEventWrap"]);

const before = count();

afterAll(async () => {
  const until = Date.now() + GRACE_MS;
  let open = leaked();
  while (open.length > 0 && Date.now() < until) {
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    open = leaked();
  }
  if (open.length > 0)
    throw new Error(`This test file leaves open: ${open.join(", ")}. Close it in afterEach or afterAll.`);
});

/** Only what keeps the process alive is counted: an idle keep-alive socket of fetch does not. */
function count(): Map<string, number> {
  const counts = new Map<string, number>();
  for (const name of process.getActiveResourcesInfo()) {
    if (WATCHED.has(name)) counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return counts;
}

function leaked(): string[] {
  return [...count()]
    .map(([name, number]) => ({ name, extra: number - (before.get(name) ?? 0) }))
    .filter(({ extra }) => extra > 0)
    .map(({ name, extra }) => `${extra} ${name}`);
}
