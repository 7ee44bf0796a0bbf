import { useEffect, useState } from "react";
import { fileAddress } from "#contract";
import { useReplica } from "../replica/index.ts";

/** Where the small picture of a file is, once it has been brought to this device; undefined while there is none. */
export function useThumbnail(file: {
  readonly id: string;
  readonly thumbnailSha256?: string | undefined;
}): string | undefined {
  const { call } = useReplica();
  const [isHere, setHere] = useState(false);
  const { id, thumbnailSha256: hash } = file;
  useEffect(() => {
    if (!hash) return;
    let gone = false;
    call("file.fetch", { id, what: "thumbnail" }).then(
      ({ available }) => !gone && setHere(available),
      () => undefined,
    );
    return () => {
      gone = true;
    };
  }, [call, id, hash]);
  // The hash only makes another address of another picture.
  return hash && isHere ? `${fileAddress.thumbnail(id)}?${hash}` : undefined;
}

/** What stands in its place: DOCX. */
export const extensionOf = (name: string): string => (/\.([^.]{1,5})$/.exec(name)?.[1] ?? "").toUpperCase();
