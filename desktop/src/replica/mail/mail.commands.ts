import { z } from "zod";
import type { CommandResults, Queued, ReplicaFolder } from "#contract";
import { newId, type JsonObject } from "@kontor/shared/base";
import { parseMailSearch, type ContactDoc, type MailIntentArgs, type RuleDoc } from "@kontor/shared/mail";
import { createBulkCommands } from "./bulk.commands.ts";
import { createDraftCommands } from "./draft.commands.ts";
import type { MailCommands, MailCommandsDeps } from "./mail.commandTable.ts";
import { createMailQueue } from "./mail.queue.ts";
import { suggestPeople } from "./suggestPeople.ts";

const MAX_RAW_BYTES = 64 * 1024 ** 2; // the largest message there is, with its encoding
const MAX_PICTURE_BYTES = 5 * 1024 ** 2; // what the server's proxy passes on

export function createMailCommands(deps: MailCommandsDeps): MailCommands {
  const { lists, replica, searcher, server, userId } = deps;
  const { outbox, rows } = replica;
  const mailQueue = createMailQueue(replica);
  const { queue, unsentOf, viewOf } = mailQueue;

  /* ---------- rows that are written as a whole ---------- */

  function saveWhole(collection: string, id: string, name: string, args: object, title: string): Queued {
    const before = unsentOf(collection, id, name);
    if (before && replica.amend(before.mid, args as JsonObject, title)) return { mid: before.mid };
    return queue({ collection, id, name, args, title });
  }

  /** One that has not left this device is simply dropped. */
  function removeWhole(collection: string, id: string, name: string, title: string): Queued {
    const pending = outbox.pendingOf(collection, id);
    for (const { mid } of pending.toReversed()) replica.discard(mid);
    const isElsewhere = rows.hasServerRow(collection, id) || outbox.pendingOf(collection, id).length > 0;
    if (isElsewhere) return queue({ collection, id, name, args: {}, title });
    return { mid: pending[0]?.mid ?? newId() };
  }

  const folderTitle = (id: string): string => viewOf<ReplicaFolder>("mailFolders", id)?.name ?? "";
  const queueFolder = (id: string, name: string, args: object, title: string): Queued =>
    queue({ collection: "mailFolders", id, name, args, title });

  function settings(args: MailIntentArgs<"mail.settings">): Queued {
    const before = unsentOf("mailSettings", userId, "mail.settings");
    const isOfSender = args.allowRemote !== undefined || args.blockRemote !== undefined;
    if (before && !isOfSender && replica.amend(before.mid, { ...before.args, ...(args as JsonObject) }))
      return { mid: before.mid };
    return queue({ collection: "mailSettings", id: userId, name: "mail.settings", args, title: "" });
  }

  /* ---------- search ---------- */

  const search: MailCommands["mail.search"] = ({ limit, offsetMinutes, skip, text }) => {
    const query = parseMailSearch(text, { now: replica.options.clock.now(), offsetMinutes });
    const { complete, ids, more } = searcher.search(query, { limit, skip });
    return { rows: lists.rowsOfMessages(ids), complete, more };
  };

  return {
    ...createDraftCommands(deps, mailQueue),
    ...createBulkCommands(deps),
    "folder.create": ({ id, ...args }) => queueFolder(id, "folder.create", args, args.name),
    "folder.rename": ({ id, name }) => queueFolder(id, "folder.rename", { name }, folderTitle(id)),
    "folder.move": ({ id, parentId }) => queueFolder(id, "folder.move", { parentId }, folderTitle(id)),
    "folder.delete": ({ id, ...args }) => queueFolder(id, "folder.delete", args, folderTitle(id)),
    "mail.link": ({ id, ...args }) =>
      queue({
        collection: "mailLinks",
        id,
        name: "mail.link",
        args,
        title: viewOf<{ title: string }>("records", args.recordId)?.title ?? "",
        dependsOn: [{ collection: "records", id: args.recordId }],
      }),
    "mail.unlink": ({ id }) => removeWhole("mailLinks", id, "mail.unlink", ""),
    "rule.save": ({ id, ...args }) => saveWhole("mailRules", id, "rule.save", args, args.rule.name),
    "rule.delete": ({ id }) =>
      removeWhole("mailRules", id, "rule.delete", viewOf<RuleDoc>("mailRules", id)?.name ?? ""),
    "contact.save": ({ contact, id }) => saveWhole("contacts", id, "contact.save", { contact }, contact.name),
    "contact.delete": ({ id }) =>
      removeWhole("contacts", id, "contact.delete", viewOf<ContactDoc>("contacts", id)?.name ?? ""),
    "mail.settings": settings,
    "mail.search": search,
    "mail.suggest": ({ limit, text }) => suggestPeople(deps, { typed: text, limit }),
    "mail.raw": ({ id }) => server.bytes(`/api/mail/messages/${id}/raw`, MAX_RAW_BYTES),
    "mail.remotePictures": ({ addresses, id }) => remotePictures(id, addresses),
    "mail.import": ({ folderId, path }) => importFile(folderId, path),
    "mail.request": ({ body, method, path }) => server.request(method, path, body),
  };

  async function importFile(folderId: string, path: string): Promise<CommandResults["mail.import"]> {
    const mime = /\.eml$/i.test(path) ? "message/rfc822" : "application/mbox";
    const answer = await server.upload(`/api/mail/folders/${folderId}/import`, mime, path);
    if (!answer.ok) return answer;
    const { imported, known, tooLarge, unreadable } = importedSchema.parse(answer.body);
    return { ok: true, imported, known, refused: tooLarge + unreadable };
  }

  async function remotePictures(
    id: string,
    addresses: readonly string[],
  ): Promise<CommandResults["mail.remotePictures"]> {
    const found: Record<string, string> = {};
    for (const address of addresses) {
      const path = `/api/mail/messages/${id}/remote?url=${encodeURIComponent(address)}`;
      const answer = await server.bytes(path, MAX_PICTURE_BYTES);
      if (answer.ok && PICTURE.test(answer.mime))
        found[address] = `data:${answer.mime};base64,${Buffer.from(answer.bytes).toString("base64")}`;
      else if (!answer.ok && (answer.reason === "offline" || answer.reason === "signedOut")) return answer;
    }
    return { ok: true, pictures: found };
  }
}

const importedSchema = z.object({
  imported: z.number(),
  known: z.number(),
  tooLarge: z.number(),
  unreadable: z.number(),
});
const PICTURE = /^image\/(?:png|jpeg|gif|webp|avif)$/;
