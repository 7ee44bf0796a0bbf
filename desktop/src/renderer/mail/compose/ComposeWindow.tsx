import { useEffect } from "react";
import { useWatched } from "../../replica/index.ts";
import { useWords } from "../../words/index.ts";
import { Composer } from "./Composer.tsx";
import classes from "./compose.module.css";

/** A draft as a window of its own; it ends with it. */
export function ComposeWindow({ id }: { readonly id: string }) {
  const { t } = useWords();
  const message = useWatched("mail.message", { id });
  const title = message?.subject || t("compose.kind.new");
  useEffect(() => {
    document.title = `${title} · Kontor`;
  }, [title]);
  return (
    <div className={classes.window}>
      <Composer draftId={id} inOwnWindow onClose={() => window.close()} />
    </div>
  );
}
