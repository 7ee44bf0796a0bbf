import { fileAddress, type ReplicaMessage } from "#contract";
import type { AttachmentDoc } from "@kontor/shared/mail";
import type { Call } from "../../replica/index.ts";

/** Addresses of pictures that travel with a message, by their Content-ID; each holds its picture until it is closed. */
export type Pictures = ReadonlyMap<string, string>;

export const picturesIn = ({ attachments }: ReplicaMessage): readonly AttachmentDoc[] =>
  attachments.filter(({ cid, mime, state }) => cid !== undefined && state === "stored" && mime.startsWith("image/"));

/** Those that are on this device, or can be brought to it now; a picture that cannot is missing alone. */
export async function openPictures(call: Call, message: ReplicaMessage): Promise<Pictures> {
  const found = await Promise.all(
    picturesIn(message).map(async ({ cid = "", id }) => {
      const address = await openPicture(call, id).catch(() => undefined);
      return address === undefined ? [] : [[cid, address] as const];
    }),
  );
  return new Map(found.flat());
}

async function openPicture(call: Call, id: string): Promise<string | undefined> {
  const { available } = await call("file.fetch", { id, what: "content" });
  if (!available) return undefined;
  const response = await fetch(fileAddress.content(id));
  return URL.createObjectURL(await response.blob());
}

export function closePictures(pictures: Pictures): void {
  for (const address of pictures.values()) URL.revokeObjectURL(address);
}
