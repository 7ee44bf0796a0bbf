import { useWatched } from "../../replica/index.ts";
import { Empty } from "../../ui/index.ts";
import { useWords } from "../../words/index.ts";
import { isDraft } from "@kontor/shared/mail";
import { OpenDraft } from "./OpenDraft.tsx";

export interface ComposerProps {
  readonly draftId: string;
  /** It was sent, discarded, or closed and kept: nothing of it is to be shown here any more. */
  readonly onClose: (why: ComposerEnd) => void;
  /** In a window of its own there is no way to open one. */
  readonly inOwnWindow?: boolean;
}
export type ComposerEnd = "sent" | "discarded" | "closed";

/** Writes a draft, wherever it is shown; what is typed is durable within a second. */
export function Composer(props: ComposerProps) {
  const { t } = useWords();
  const { draftId } = props;
  const draft = useWatched("mail.draft", { id: draftId });
  const boxes = useWatched("mail.boxes", {});
  const settings = useWatched("mail.settings", {});
  // Milliseconds; a spinner would only flash.
  if (draft === undefined || boxes === undefined || settings === undefined) return null;
  if (draft === null) return <Empty title={t("compose.gone")} />;
  if (!isDraft(draft.message)) return <Empty title={t("compose.hasLeft")} />;
  return <OpenDraft key={draftId} {...props} {...draft} mailboxes={boxes.mailboxes} settings={settings} />;
}
