import { Subject } from "rxjs";
import type { MailTargets } from "#contract";
import type { CardDoc, MailAddress } from "@kontor/shared/mail";

/**
 * What any view may ask of mail's own dialogs, which stand once in the window (`MailOverlays`): keys and menus anywhere
 * open the same one.
 */
interface About {
  readonly targets: MailTargets;
  readonly after?: () => void;
}
export type MailRequest =
  | (About & {
      readonly ask: "snooze";
      /** Where all of them lie, if it is one mailbox. */
      readonly mailboxId: string | undefined;
    })
  | (About & { readonly ask: "followUp" })
  | (About & { readonly ask: "label" })
  | (About & {
      readonly ask: "move";
      readonly mailboxId: string;
      /** Where all of them lie, if it is one folder. */
      readonly folderId?: string | undefined;
    })
  | { readonly ask: "link"; readonly threadId: string }
  | { readonly ask: "record"; readonly type: string; readonly threadId: string; readonly messageId: string }
  | { readonly ask: "source" | "split"; readonly messageId: string }
  | { readonly ask: "print"; readonly ids: readonly string[] }
  | { readonly ask: "address"; readonly shown: string; readonly address: string }
  | {
      readonly ask: "compose";
      readonly to?: readonly MailAddress[];
      readonly subject?: string;
      readonly cards?: readonly CardDoc[];
      /** Files that are here already, by their ids. */
      readonly files?: readonly string[];
      /** Given by whoever shows drafts itself; else the draft opens where mail is. */
      readonly show?: (draftId: string) => void;
    };

export const mailRequests = new Subject<MailRequest>();
export const askMail = (request: MailRequest): void => mailRequests.next(request);
