import { setTimeout as pause } from "node:timers/promises";
import { DomainError, type ErrorCode } from "@kontor/shared/base";
import type { FolderDoc, MailboxDoc } from "@kontor/shared/mail";

/** A server, and the token of whoever asks. */
export interface MailClient {
  /** The answer, once it is one of success; what is busy or away is asked again for a while. */
  fetch(path: string, options?: RequestInit): Promise<Response>;
  json<Reply>(method: "GET" | "POST", path: string, body?: object): Promise<Reply>;
}

/** A server that is being started again comes back within this. */
const MAX_TRIES = 8;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;

export function createMailClient({ server, token }: { readonly server: string; readonly token: string }): MailClient {
  const authorization = `Bearer ${token}`;

  async function ask(path: string, options: RequestInit = {}): Promise<Response> {
    for (let tries = 1; ; tries++) {
      const answer = await fetch(new URL(`/api${path}`, server), {
        ...options,
        headers: { ...options.headers, authorization },
      }).catch((error: unknown) => error as Error);
      if (answer instanceof Response && answer.ok) return answer;
      const isPassing = answer instanceof Error || [429, 502, 503, 504].includes(answer.status);
      if (!isPassing || tries === MAX_TRIES) throw await refusalOf(answer, server);
      const wished = answer instanceof Error ? 0 : Number(answer.headers.get("retry-after") ?? 0) * 1_000;
      await pause(Math.min(Math.max(wished, FIRST_PAUSE_MS * 2 ** (tries - 1)), LONGEST_PAUSE_MS));
    }
  }

  return {
    fetch: ask,
    async json<Reply>(method: "GET" | "POST", path: string, body?: object): Promise<Reply> {
      const sent = body && { body: JSON.stringify(body), headers: { "content-type": "application/json" } };
      return (await (await ask(path, { method, ...sent })).json()) as Reply;
    },
  };
}

async function refusalOf(answer: Response | Error, server: string): Promise<DomainError> {
  if (answer instanceof Error)
    return new DomainError("unavailable", `${server} does not answer.`, { reason: "server.away" }, answer);
  const problem = (await answer.json().catch(() => ({}))) as { detail?: string; code?: ErrorCode; reason?: string };
  const words = problem.detail ?? `The server answered ${answer.status}.`;
  return new DomainError(problem.code ?? "internal", words, { reason: problem.reason ?? "server.refused" });
}

/** By address, name or id. */
export async function findMailbox(client: MailClient, wanted: string): Promise<MailboxDoc> {
  const { mailboxes } = await client.json<{ mailboxes: MailboxDoc[] }>("GET", "/mail/mailboxes");
  const key = wanted.toLowerCase();
  const found =
    mailboxes.find(({ id, address }) => id === wanted || address.toLowerCase() === key) ??
    mailboxes.find(({ name }) => name.toLowerCase() === key);
  if (found) return found;
  const known = mailboxes.map(({ address }) => address).join(", ");
  throw new DomainError("notFound", `There is no mailbox ${wanted} for you. There are: ${known || "none"}.`, {
    reason: "mailbox.notFound",
  });
}

export interface Folders {
  /** Undefined: there is none. */
  find(path: readonly string[]): FolderDoc | undefined;
  /** Makes what is missing of the path. */
  ensure(path: readonly string[]): Promise<FolderDoc>;
  /** Each with its path from the top. */
  all(): readonly { readonly folder: FolderDoc; readonly path: readonly string[] }[];
}

/** The folders of a mailbox by their paths; those with a role by its name as well, whatever they are called. */
export async function readFolders(client: MailClient, mailboxId: string): Promise<Folders> {
  const { folders } = await client.json<{ folders: FolderDoc[] }>("GET", `/mail/mailboxes/${mailboxId}/folders`);
  const isCalled = ({ name, role }: FolderDoc, wanted: string) =>
    name.toLowerCase() === wanted.toLowerCase() || role === wanted.toLowerCase();
  const childOf = (parentId: string | undefined, name: string) =>
    folders.find((folder) => folder.parentId === parentId && isCalled(folder, name));

  function find(path: readonly string[]): FolderDoc | undefined {
    let found: FolderDoc | undefined;
    for (const name of path) {
      found = childOf(found?.id, name);
      if (!found) return undefined;
    }
    return found;
  }

  return {
    find,
    async ensure(path) {
      let parent: FolderDoc | undefined;
      for (const name of path) {
        const there = childOf(parent?.id, name);
        const made = async () => {
          const below = parent && { parentId: parent.id };
          const folder = await client.json<FolderDoc>("POST", `/mail/mailboxes/${mailboxId}/folders`, {
            name,
            ...below,
          });
          folders.push(folder);
          return folder;
        };
        parent = there ?? (await made());
      }
      if (!parent) throw new DomainError("invalid", "A folder has a name.", { reason: "folder.name" });
      return parent;
    },
    all() {
      const pathOf = ({ name, parentId }: FolderDoc): string[] => {
        const parent = folders.find(({ id }) => id === parentId);
        return [...(parent ? pathOf(parent) : []), name];
      };
      return folders.map((folder) => ({ folder, path: pathOf(folder) }));
    },
  };
}
