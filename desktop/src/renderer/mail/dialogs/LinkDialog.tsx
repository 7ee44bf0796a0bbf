import { Modal, TextInput } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useState } from "react";
import { newId } from "@kontor/shared/base";
import { useReplica, useRows, useRowsById, useSearch, useTypes } from "../../replica/index.ts";
import { TypeIcon } from "../../ui/index.ts";
import { useWords } from "../../words/index.ts";
import classes from "./dialogs.module.css";

const SHOWN = 10;

/** The conversation belongs to a record from now on: seen from both sides by whoever sees both. */
export function LinkDialog({ close, threadId }: { readonly threadId: string; readonly close: () => void }) {
  const { t, label } = useWords();
  const { call } = useReplica();
  const types = useTypes();
  const [text, setText] = useState("");
  const newest = useRows("records", { selector: { trashed: false }, sort: [{ updatedAt: "desc" }], limit: SHOWN });
  const wanted = text.trim();
  const search = useSearch({ text, limit: SHOWN });
  const hits = [...new Set(search.hits.map(({ recordId }) => recordId))];
  const records = useRowsById("records", hits);
  const shown =
    wanted === "" ? (newest === "refused" ? [] : (newest ?? [])) : hits.flatMap((id) => records?.get(id) ?? []);
  const unique = shown.map(({ id, number, title, type }) => ({
    id,
    type,
    title: [number, title].filter(Boolean).join(" · "),
  }));
  const link = (recordId: string) => {
    close();
    void call("mail.link", { id: newId(), threadId, recordId }).then(() =>
      notifications.show({ message: t("mail.done.linked") }),
    );
  };
  return (
    <Modal
      opened
      onClose={close}
      size={480}
      title={t("mail.link.title")}
      closeButtonProps={{ "aria-label": t("app.close") }}
    >
      <TextInput
        data-autofocus
        aria-label={t("mail.link.find")}
        placeholder={t("mail.link.find")}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
        onKeyDown={(event) => event.key === "Enter" && unique[0] && link(unique[0].id)}
      />
      <div className={classes.pickList}>
        {unique.map(({ id, title, type }) => {
          const of = types.of(type);
          return (
            <button key={id} type="button" className={classes.pick} onClick={() => link(id)}>
              <TypeIcon name={of?.icon ?? ""} size={15} />
              <span>{title}</span>
              <small>{of && label(of.label)}</small>
            </button>
          );
        })}
        {unique.length === 0 && wanted !== "" && (
          <p className={classes.hint}>{t(search.isSearching ? "app.palette.searching" : "app.palette.nothing")}</p>
        )}
      </div>
    </Modal>
  );
}
