import { attachmentMessages } from "./attachment.odd.ts";
import { charsetMessages } from "./charset.odd.ts";
import { encodingMessages } from "./encoding.odd.ts";
import { headerMessages } from "./headers.odd.ts";
import type { OddMessage } from "./oddMessage.ts";
import { sealedMessages } from "./sealed.odd.ts";
import { structureMessages } from "./structure.odd.ts";

/** Every kind of odd message that is known, by what is odd about them. */
export const oddMessages: Readonly<Record<string, readonly OddMessage[]>> = {
  structure: structureMessages,
  headers: headerMessages,
  charsets: charsetMessages,
  encodings: encodingMessages,
  attachments: attachmentMessages,
  sealed: sealedMessages,
};
