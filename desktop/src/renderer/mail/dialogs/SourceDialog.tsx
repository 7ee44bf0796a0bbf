import { Button, Modal } from "@mantine/core";
import { useEffect, useState } from "react";
import type { CommandResults } from "#contract";
import { useReplica, useWatched } from "../../replica/index.ts";
import { useWords } from "../../words/index.ts";
import { useSaveRaw } from "../read/useSaveRaw.ts";
import classes from "./dialogs.module.css";

/** A megabyte of text is more than anybody reads, and as much as a page draws without a halt. */
const SHOWN_BYTES = 1_000_000;

/** The message as it travelled, byte for byte; for whoever asks why. */
export function SourceDialog({ close, messageId }: { readonly messageId: string; readonly close: () => void }) {
  const { t, reason } = useWords();
  const { call } = useReplica();
  const message = useWatched("mail.message", { id: messageId });
  const saveRaw = useSaveRaw();
  const [answer, setAnswer] = useState<CommandResults["mail.raw"]>();
  useEffect(() => {
    let gone = false;
    void call("mail.raw", { id: messageId }).then((raw) => !gone && setAnswer(raw));
    return () => {
      gone = true;
    };
  }, [call, messageId]);
  const text = answer?.ok ? new TextDecoder("utf-8").decode(answer.bytes.subarray(0, SHOWN_BYTES)) : "";
  const isCut = answer?.ok === true && answer.bytes.byteLength > SHOWN_BYTES;
  return (
    <Modal
      opened
      onClose={close}
      size="90%"
      title={t("mail.source")}
      closeButtonProps={{ "aria-label": t("app.close") }}
    >
      {answer?.ok === false && <p role="alert">{reason(answer.reason, answer.message)}</p>}
      {answer?.ok && (
        <>
          {isCut && <p className={classes.hint}>{t("mail.source.cut")}</p>}
          {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a scrolled region must take keys (WCAG 2.1.1) */}
          <pre className={classes.source} tabIndex={0}>
            {text}
          </pre>
          <div className={classes.dialogButtons}>
            <Button onClick={() => void window.kontor.copyText(text.slice(0, SHOWN_BYTES - 1))}>
              {t("mail.source.copy")}
            </Button>
            {message && <Button onClick={() => void saveRaw(message)}>{t("mail.saveAs")}</Button>}
          </div>
        </>
      )}
    </Modal>
  );
}
