import { Resolver } from "node:dns/promises";
import type { DiscoveryDns } from "#mail";

const TIMEOUT_MS = 3_000; // per try; somebody waits for the answer in front of a form
const TRIES = 2;

/** The system's resolvers. What cannot be answered is nothing: then the next way of finding a provider is tried. */
export function createDiscoveryDns(): DiscoveryDns {
  const resolver = new Resolver({ timeout: TIMEOUT_MS, tries: TRIES });
  const orNone = <Records extends readonly unknown[]>(question: Promise<Records>): Promise<Records | readonly []> =>
    question.catch(() => []);
  return {
    srv: (name) => orNone(resolver.resolveSrv(name)),
    mx: (domain) => orNone(resolver.resolveMx(domain)),
    async exists(host) {
      const [four, six] = await Promise.all([orNone(resolver.resolve4(host)), orNone(resolver.resolve6(host))]);
      return four.length + six.length > 0;
    },
  };
}
