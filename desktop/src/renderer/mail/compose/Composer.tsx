import { Button } from "@mantine/core";
import { useWatched } from "../../replica/index.ts";
import { Empty } from "../../ui/index.ts";
import { useWords } from "../../words/index.ts";
import { isDraft } from "@kontor/shared/mail";
import { OpenDraft } from "./OpenDraft.tsx";
import { useDraftHold, type HeldDraft } from "./useDraftHold.ts";

export interface ComposerProps {
  readonly draftId: string;
  /** It was sent, discarded, or closed and kept: nothing of it is to be shown here any more. */
  readonly onClose: (why: ComposerEnd) => void;
  /** In a window of its own there is no way to open one. */
  readonly inOwnWindow?: boolean;
}
export type ComposerEnd = "sent" | "discarded" | "closed";

/** Writes a draft, wherever it is shown, in one window at a time; what is typed is durable within a second. */
export function Composer(props: ComposerProps) {
  const { t } = useWords();
  const { draftId } = props;
  const { savedBy, state } = useDraftHold(draftId);
  if (state === "asking") return null;
  if (state === "elsewhere")
    return (
      <Empty title={t("compose.elsewhere")}>
        <Button variant="default" onClick={() => void window.kontor.showDraft(draftId)}>
          {t("compose.elsewhere.show")}
        </Button>
      </Empty>
    );
  return <Held {...props} savedBy={savedBy} />;
}

/** Asks for the draft only now: what another window saved last is in it. */
function Held(props: ComposerProps & Pick<HeldDraft, "savedBy">) {
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
