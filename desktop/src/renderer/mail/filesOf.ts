import type { ReplicaMessage } from "#contract";
import type { AttachmentDoc } from "@kontor/shared/mail";

/** What hangs in a message, but for the pictures within its text. */
export const filesOf = ({ attachments }: Pick<ReplicaMessage, "attachments">): readonly AttachmentDoc[] =>
  attachments.filter(({ inline }) => inline !== true);
