import type { JsonObject } from "@kontor/shared/base";
import type { AttachmentDoc, FolderDoc, FolderRole, MessageDoc } from "@kontor/shared/mail";
import type { TypeDefinition } from "@kontor/shared/objects";
import type { BoundRows, ViewContext } from "./collections.ts";
import type { MailIndex } from "./mail/mail.index.ts";

/** What views ask about besides their own row: the types, and the person at this device. */
export interface OfficeContext extends ViewContext {
  /** How uploads stand, by file; asked only for files that have one. */
  setUploads(uploads: ReadonlyMap<string, JsonObject>): void;
  readonly mail: NonNullable<ViewContext["mail"]>;
  setMailIndex(index: Pick<MailIndex, "messageOfFile" | "mailboxOfThread">): void;
}

export function createOfficeContext(userId: string): OfficeContext {
  let rows: BoundRows | undefined;
  let types: Map<string, TypeDefinition> | undefined;
  let uploads: ReadonlyMap<string, JsonObject> = new Map();

  let folders: Folders | undefined;
  let messageOfFile: (fileId: string) => string | undefined = () => undefined;
  let mailboxOfThread: (threadId: string) => string | undefined = () => undefined;

  const rowOf = <Doc>(collection: string, id: string): Doc | undefined =>
    rows?.collection(collection)?.findByIdsSync([id])[0] as Doc | undefined;

  function readFolders(): Folders {
    const docs = (rows?.collection("mailFolders")?.querySync({ selector: {} }) ??
      []) as unknown as readonly FolderDoc[];
    return {
      roles: new Map(docs.map(({ id, role }) => [id, role])),
      mailboxes: new Map(docs.map(({ id, mailboxId }) => [id, mailboxId])),
      parents: new Map(docs.map(({ id, parentId }) => [id, parentId])),
      byRole: new Map(docs.map(({ id, mailboxId, role }) => [`${mailboxId} ${role ?? ""}`, id])),
    };
  }

  /** A file of a record or of a message, to be attached once more. */
  function attachmentOf(fileId: string): Partial<AttachmentDoc> | undefined {
    const file = rowOf<Partial<AttachmentDoc>>("files", fileId);
    if (file) return ofFile(file);
    const messageId = messageOfFile(fileId);
    const message = messageId === undefined ? undefined : rowOf<MessageDoc>("messages", messageId);
    return message?.attachments.find(({ id }) => id === fileId);
  }

  function readTypes(): Map<string, TypeDefinition> {
    const docs = (rows?.collection("types")?.querySync({ selector: {} }) ?? []) as unknown as readonly {
      readonly definition: TypeDefinition;
    }[];
    return new Map(docs.map(({ definition }) => [definition.name, definition]));
  }

  return {
    userId,
    timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    get department() {
      const [me] = (rows?.collection("people")?.findByIdsSync([userId]) ?? []) as unknown as readonly JsonObject[];
      const department = me?.["departmentId"];
      return typeof department === "string" ? department : null;
    },
    typeNamed(name) {
      types ??= readTypes();
      return types.get(name);
    },
    rowsChanged(collection) {
      if (collection === "types") types = undefined;
      if (collection === "mailFolders") folders = undefined;
    },
    mail: {
      userId,
      folderOf: (mailboxId, role) => (folders ??= readFolders()).byRole.get(`${mailboxId} ${role}`),
      isInTrash(folderId) {
        const { parents, roles } = (folders ??= readFolders());
        const above = new Set<string>(); // two moves without a network may have made a ring of them
        for (let id: string | undefined = folderId; id !== undefined && !above.has(id); id = parents.get(id)) {
          if (roles.get(id) === "trash") return true;
          above.add(id);
        }
        return false;
      },
      roleOf: (folderId) => (folders ??= readFolders()).roles.get(folderId),
      mailboxOf: (folderId) => (folders ??= readFolders()).mailboxes.get(folderId),
      threadOf: (messageId) => rowOf<MessageDoc>("messages", messageId)?.threadId,
      mailboxOfThread: (threadId) => mailboxOfThread(threadId),
      attachmentOf,
    },
    setMailIndex(index) {
      ({ mailboxOfThread, messageOfFile } = index);
    },
    uploadOf: (fileId) => uploads.get(fileId),
    bind(next) {
      rows = next;
      types = undefined;
      folders = undefined;
    },
    setUploads(next) {
      uploads = next;
    },
  };
}

interface Folders {
  readonly roles: ReadonlyMap<string, FolderRole | undefined>;
  readonly mailboxes: ReadonlyMap<string, string>;
  readonly parents: ReadonlyMap<string, string | undefined>;
  readonly byRole: ReadonlyMap<string, string>;
}

/** What a message keeps of a record's file. */
function ofFile(file: Partial<AttachmentDoc>): Partial<AttachmentDoc> {
  const { mime, name, pageImages, pageSizes, pages, pdfSha256, previewState, sha256, size, state, thumbnailSha256 } =
    file;
  const kept = {
    mime,
    name,
    pageImages,
    pageSizes,
    pages,
    pdfSha256,
    previewState,
    sha256,
    size,
    state,
    thumbnailSha256,
  };
  return Object.fromEntries(Object.entries(kept).filter(([, value]) => value !== undefined));
}
