import { ImapFlow } from "imapflow";
import { mailLimits } from "@kontor/shared/mail";
import type { ImapPort, ImapSession, ImapSettings } from "#mail";
import { addressesOf, resolveBySystem, type ResolveHost } from "./hostAddress.ts";
import { failureOf } from "./imapflow.failure.ts";
import { createRefusals } from "./imapflow.refusals.ts";
import { createSession } from "./imapflow.session.ts";

export interface ImapflowOptions {
  /** Vouches for servers beside the system's own authorities, PEM. */
  readonly ca?: string;
  readonly allowInnerNetwork?: boolean;
  readonly resolve?: ResolveHost;
  readonly version?: string;
}

const CONNECT_MS = 20_000; // a far provider answers within 2 s, a busy one within 10
const GREETING_MS = 15_000;
/** Nothing heard for so long means the connection is dead; Gmail takes up to 30 s for a FETCH of a large folder. */
const SILENCE_MS = 90_000;
/** IDLE is begun again so often: a connection that died unnoticed is found within this and `SILENCE_MS`. */
const IDLE_MS = 60_000;
/** Beyond a message of the largest size there are only its headers' quotes. */
const MAX_LITERAL_BYTES = mailLimits.maxMessageBytes + 1024 ** 2;

/** Signs in at a provider, at whichever of its addresses answers. */
export function createImapflow(options: ImapflowOptions = {}): ImapPort {
  const { ca, allowInnerNetwork = false, resolve = resolveBySystem, version = "1" } = options;

  async function open(settings: ImapSettings, address: string): Promise<ImapSession> {
    const { host, port, security, user, secret } = settings;
    const refusals = createRefusals();
    const client = new ImapFlow({
      host: address,
      port,
      ...(host === address ? {} : { servername: host }),
      secure: security === "tls",
      doSTARTTLS: security === "starttls",
      tls: { minVersion: "TLSv1.2", ...(ca !== undefined && { ca }) },
      auth: secret.kind === "password" ? { user, pass: secret.password } : { user, accessToken: secret.accessToken },
      clientInfo: { name: "Kontor", version },
      logger: refusals.logger,
      disableAutoIdle: true,
      qresync: true,
      maxIdleTime: IDLE_MS,
      missingIdleCommand: "NOOP",
      connectionTimeout: CONNECT_MS,
      greetingTimeout: GREETING_MS,
      socketTimeout: SILENCE_MS,
      maxLiteralSize: MAX_LITERAL_BYTES,
      maxResponseSize: MAX_LITERAL_BYTES + 1024 ** 2,
      maxLineLength: 16 * 1024 ** 2, // a plain SEARCH answer of two million messages
    });
    // Told by whichever call fails next; without a listener it would end the process.
    client.on("error", () => undefined);
    try {
      await client.connect();
    } catch (error) {
      client.close();
      throw failureOf(error, secret.kind);
    }
    return createSession(client, refusals);
  }

  return {
    async connect(settings) {
      const addresses = await addressesOf(settings.host, { resolve, allowInner: allowInnerNetwork }).catch(
        (error: unknown) => {
          throw failureOf(error);
        },
      );
      let failure: unknown;
      for (const address of addresses) {
        try {
          return await open(settings, address);
        } catch (error) {
          failure = error;
          const { reason } = failureOf(error);
          if (!["refused", "unreachable", "timeout"].includes(reason)) throw error; // another address has no other answer
        }
      }
      throw failure;
    },
  };
}
