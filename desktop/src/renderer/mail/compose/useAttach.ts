import type { Editor } from "@tiptap/core";
import { newId } from "@kontor/shared/base";
import { mailLimits } from "@kontor/shared/mail";
import { useFailureWords, useReplica } from "../../replica/index.ts";
import { complain, formatSize } from "../../ui/index.ts";
import { useWords } from "../../words/index.ts";

/** A file above this is given by its path only: bytes through the port would hold it in memory. */
const MAX_BYTES_BY_PORT = 64 * 1024 ** 2;
/** What every mail program shows within a text. */
const PICTURES = /^image\/(?:png|jpeg|gif|webp)$/;
/** A larger one is a document rather than part of a text. */
const MAX_PICTURE_BYTES = 10 * 1024 ** 2;

type Source = { readonly path: string } | { readonly bytes: Uint8Array };
export interface AttachActions {
  choose(): Promise<void>;
  add(files: readonly File[]): Promise<void>;
  /** Pictures into the text, the rest beside it. */
  addToText(files: readonly File[], editor: Editor, at: number | undefined): Promise<void>;
  addStored(file: { readonly id: string; readonly name: string }): Promise<void>;
  /** How people outside get it. */
  giveAs(fileId: string, as: "file" | "link"): Promise<void>;
  remove(fileId: string): Promise<void>;
}

/** Hangs files in a draft. They are copied in first, so that it works offline and the original may vanish. */
export function useAttach(draftId: string, attached: number): AttachActions {
  const { call } = useReplica();
  const { t, locale } = useWords();
  const failureWords = useFailureWords();

  async function attach(name: string, mime: string, source: Source, cid?: string): Promise<string | undefined> {
    if (attached >= mailLimits.maxAttachments) {
      complain(t("compose.attach.tooMany", { limit: mailLimits.maxAttachments }));
      return undefined;
    }
    const fileId = newId();
    try {
      await call("mail.attach", {
        id: draftId,
        fileId,
        name,
        ...(mime === "" ? {} : { mime }),
        ...(cid === undefined ? {} : { cid }),
        source: source as never,
      });
      return fileId;
    } catch (error) {
      complain(t("files.attachFailed", { name, reason: failureWords(error) }));
      return undefined;
    }
  }

  async function sourceOf(file: File): Promise<Source | undefined> {
    const path = window.kontor.pathOf(file);
    // A picture from the clipboard or out of a browser has no path, only bytes.
    if (path) return { path };
    if (file.size <= MAX_BYTES_BY_PORT) return { bytes: new Uint8Array(await file.arrayBuffer()) };
    complain(t("files.tooLarge", { name: file.name, limit: formatSize(MAX_BYTES_BY_PORT, locale) }));
    return undefined;
  }

  async function add(files: readonly File[]): Promise<void> {
    for (const file of files) {
      const source = await sourceOf(file);
      if (source) await attach(file.name, file.type, source);
    }
  }

  return {
    add,
    async choose() {
      for (const path of await window.kontor.chooseFiles())
        await attach(path.split(/[/\\]/).pop() ?? path, mimeOfName(path), { path });
    },
    async addToText(files, editor, at) {
      const isPicture = ({ size, type }: File) => PICTURES.test(type) && size <= MAX_PICTURE_BYTES;
      for (const file of files.filter(isPicture)) {
        const cid = `${newId()}@kontor`;
        const source = await sourceOf(file);
        const fileId = source && (await attach(pictureName(file), file.type, source, cid));
        if (fileId === undefined) continue;
        const node = { type: "image", attrs: { cid, alt: "", ...(await sizeOf(file)) } };
        if (at === undefined) editor.chain().focus().insertContent(node).run();
        else editor.chain().insertContentAt(at, node).focus().run();
      }
      await add(files.filter((file) => !isPicture(file)));
    },
    async addStored({ id, name }) {
      try {
        await call("mail.attachStored", { id: draftId, fileId: newId(), sourceFileId: id, name });
      } catch (error) {
        complain(t("files.attachFailed", { name, reason: failureWords(error) }));
      }
    },
    async giveAs(fileId, as) {
      await call("mail.attachAs", { id: draftId, fileId, as });
    },
    async remove(fileId) {
      await call("mail.detach", { id: draftId, fileId });
    },
  };
}

/** Said in the text, so that who reads it sees nothing move when the picture comes. What cannot be measured is drawn all the same. */
async function sizeOf(picture: File): Promise<{ readonly width?: number; readonly height?: number }> {
  try {
    const bitmap = await createImageBitmap(picture);
    const { height, width } = bitmap;
    bitmap.close();
    return { width, height };
  } catch {
    return {};
  }
}

/** Clipboards call every picture `image.png`. */
const pictureName = ({ name, type }: File): string => name || `picture.${type.slice("image/".length)}`;

/** A path says no type; the ending says enough for the other side to open it. The server looks into the body itself. */
const MIMES: Readonly<Record<string, string>> = {
  pdf: "application/pdf",
  docx: "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
  xlsx: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
  pptx: "application/vnd.openxmlformats-officedocument.presentationml.presentation",
  odt: "application/vnd.oasis.opendocument.text",
  ods: "application/vnd.oasis.opendocument.spreadsheet",
  doc: "application/msword",
  xls: "application/vnd.ms-excel",
  png: "image/png",
  jpg: "image/jpeg",
  jpeg: "image/jpeg",
  gif: "image/gif",
  webp: "image/webp",
  txt: "text/plain",
  csv: "text/csv",
  zip: "application/zip",
};
const mimeOfName = (name: string): string => MIMES[/\.([^.]+)$/.exec(name)?.[1]?.toLowerCase() ?? ""] ?? "";
