import { Button, Modal } from "@mantine/core";
import { useState, type FormEvent } from "react";
import { mailLimits } from "@kontor/shared/mail";
import { useWatched } from "../../replica/index.ts";
import { PickList } from "../../ui/index.ts";
import { useWords } from "../../words/index.ts";
import type { MailRequest } from "../mail.requests.ts";
import { useMailActions } from "../useMailActions.tsx";
import classes from "./dialogs.module.css";

const NEWEST = {
  list: { place: { at: "role", role: "inbox" }, conversations: false, filter: "all" },
  skip: 0,
  limit: 200,
} as const;

/** A label for all of them: one that was used lately, or a new one. */
export function LabelDialog(props: {
  readonly asked: Extract<MailRequest, { ask: "label" }>;
  readonly close: () => void;
}) {
  const { asked, close } = props;
  const { t } = useWords();
  const actions = useMailActions();
  const [text, setText] = useState("");
  const rows = useWatched("mail.list", NEWEST)?.rows ?? [];
  const known = [...new Set(rows.flatMap(({ labels }) => labels))].toSorted((a, b) => a.localeCompare(b));
  const needle = text.trim().toLowerCase();
  const shown = known.filter((label) => label.toLowerCase().includes(needle)).slice(0, 12);
  const give = (label: string) => {
    close();
    void actions.update(asked.targets, { addLabels: [label] }, "mail.done.labelled", { params: { label } });
  };
  function submit(event: FormEvent): void {
    event.preventDefault();
    if (needle !== "") give(text.trim());
  }
  return (
    <Modal
      opened
      onClose={close}
      size={360}
      title={t("mail.label.title")}
      closeButtonProps={{ "aria-label": t("app.close") }}
    >
      <form onSubmit={submit}>
        <PickList
          field={{ label: t("mail.label.name"), maxLength: mailLimits.maxLabelChars }}
          label={t("mail.label.known")}
          text={text}
          onText={setText}
          items={shown.map((label) => ({ id: label }))}
          pick={({ id }) => give(id)}
          isFree
        >
          {({ id }) => <span className={classes.label}>{id}</span>}
        </PickList>
        <div className={classes.dialogButtons}>
          <Button onClick={close}>{t("app.cancel")}</Button>
          <Button type="submit" variant="filled" disabled={needle === ""}>
            {t("mail.label.give")}
          </Button>
        </div>
      </form>
    </Modal>
  );
}
