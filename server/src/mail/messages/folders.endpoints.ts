import { sql } from "kysely";
import { z } from "zod";
import { DomainError, newId, type JsonObject } from "@kontor/shared/base";
import { mailIntentSchemas, type FolderDoc } from "@kontor/shared/mail";
import { defineEndpoint, type Actor, type Database, type Endpoint } from "#kernel";
import { changeMail, idParams, mailboxAccess, type MailRestDeps } from "../mail.rest.ts";
import { requireMailbox } from "../mailboxes/mailbox.resource.ts";
import { readableFolder } from "./message.access.ts";
import { findFolders, findFoldersOf } from "./messages.repo.ts";
import { folderToDoc } from "./projectMessage.ts";

const folderReply = z.custom<FolderDoc>(() => true);

export function folderEndpoints(deps: MailRestDeps): readonly Endpoint[] {
  const { db, actorOf } = deps;
  const change = (
    actor: Actor,
    name: "folder.create" | "folder.rename" | "folder.move" | "folder.delete",
    id: string,
    args: JsonObject,
  ) => changeMail(deps, actor, { name, collection: "mailFolders", id, args });
  const folderDoc = async (id: string) => {
    const [row] = await findFolders(db, [id]);
    if (!row) throw new DomainError("notFound", "There is no such folder.", { reason: "folder.notFound" });
    return folderToDoc(row);
  };
  return [
    defineEndpoint({
      method: "get",
      path: "/mail/mailboxes/:id/folders",
      summary: "Folders of a mailbox, with how many messages lie in each and how many of them are unread",
      tag: "mail",
      access: mailboxAccess.read,
      params: idParams,
      reply: z.object({
        folders: z.array(z.custom<FolderDoc & { readonly messages: number; readonly unread: number }>(() => true)),
      }),
      async handle({ params }, request) {
        await requireMailbox(db, await actorOf(request), params.id, "read");
        const counts = await countMessages(db, params.id);
        const folders = await findFoldersOf(db, [params.id]);
        return {
          folders: folders.map((row) => ({
            ...folderToDoc(row),
            ...(counts.get(row.id) ?? { messages: 0, unread: 0 }),
          })),
        };
      },
    }),
    defineEndpoint({
      method: "post",
      path: "/mail/mailboxes/:id/folders",
      summary: "Make a folder",
      tag: "mail",
      access: mailboxAccess.edit,
      params: idParams,
      body: mailIntentSchemas["folder.create"].omit({ mailboxId: true }).extend({ id: z.uuid().optional() }),
      status: 201,
      reply: folderReply,
      async handle({ params, body: { id = newId(), ...args } }, request) {
        await change(await actorOf(request), "folder.create", id, { mailboxId: params.id, ...args } as JsonObject);
        return folderDoc(id);
      },
    }),
    defineEndpoint({
      method: "patch",
      path: "/mail/folders/:id",
      summary: "Rename a folder, or move it below another one; parentId null: to the top",
      tag: "mail",
      access: mailboxAccess.edit,
      params: idParams,
      body: mailIntentSchemas["folder.rename"].extend(mailIntentSchemas["folder.move"].shape).partial(),
      reply: folderReply,
      async handle({ params, body: { name, parentId } }, request) {
        const actor = await actorOf(request);
        if (parentId !== undefined) await change(actor, "folder.move", params.id, { parentId });
        if (name !== undefined) await change(actor, "folder.rename", params.id, { name });
        await readableFolder(db, actor, params.id);
        return folderDoc(params.id);
      },
    }),
    defineEndpoint({
      method: "delete",
      path: "/mail/folders/:id",
      summary: "Put a folder into the trash with everything in it, or delete it for good from there",
      tag: "mail",
      access: mailboxAccess.edit,
      params: idParams,
      query: z.object({
        forGood: z
          .enum(["true", "false"])
          .default("false")
          .describe("It must lie in the trash, and is gone with all that is in it"),
      }),
      async handle({ params, query }, request) {
        await change(await actorOf(request), "folder.delete", params.id, { forGood: query.forGood === "true" });
      },
    }),
  ];
}

async function countMessages(db: Database, mailboxId: string) {
  const { rows } = await sql<{ folder_id: string; messages: number; unread: number }>`
    select folder_id, count(*) as messages, count(*) filter (where not seen) as unread
    from mail_message where mailbox_id = ${mailboxId} group by folder_id`.execute(db);
  return new Map(rows.map(({ folder_id, messages, unread }) => [folder_id, { messages, unread }]));
}
