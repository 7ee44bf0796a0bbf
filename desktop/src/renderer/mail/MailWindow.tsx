import { useEffect } from "react";
import { useWatched } from "../replica/index.ts";
import { useWords } from "../words/index.ts";
import { ComposeWindow } from "./compose/index.ts";
import { MailOverlays } from "./MailOverlays.tsx";
import { ReadingPane } from "./read/ReadingPane.tsx";
import classes from "./mail.module.css";

/** A window of its own: a draft to be written, or a conversation to be read. */
export function MailWindow({ id, kind }: { readonly kind: "draft" | "thread"; readonly id: string }) {
  return (
    <>
      {kind === "draft" ? <ComposeWindow id={id} /> : <ThreadWindow threadId={id} />}
      <MailOverlays />
    </>
  );
}

function ThreadWindow({ threadId }: { readonly threadId: string }) {
  const { t } = useWords();
  const boxes = useWatched("mail.boxes", {});
  const settings = useWatched("mail.settings", {});
  const thread = useWatched("mail.thread", { threadId });
  const subject = thread?.messages.at(-1)?.subject;
  useEffect(() => {
    document.title = subject || t("mail.noSubject");
    // oxlint-disable-next-line react-hooks/exhaustive-deps -- words change with the language only
  }, [subject]);
  if (!boxes || !settings) return null;
  return (
    <section className={classes.pane} aria-label={t("mail.message")}>
      <ReadingPane threadId={threadId} boxes={boxes} settings={settings} inOwnWindow onGone={() => window.close()} />
    </section>
  );
}
