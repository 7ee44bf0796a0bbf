import { Button, MultiSelect, TextInput } from "@mantine/core";
import { useState } from "react";
import { newId } from "@kontor/shared/base";
import { draftText, snippetOf, type MailSettingsDoc, type MailSignature } from "@kontor/shared/mail";
import { useDirectory, useWatched } from "../../replica/index.ts";
import { useWords } from "../../words/index.ts";
import { sendersOf } from "../compose/index.ts";
import { Blocks, EditBlock } from "./Blocks.tsx";
import { useSettingsChange } from "./useSettingsChange.ts";

const SHOWN_CHARS = 120;

/** What stands under one's messages; by itself where it is chosen for a mailbox. */
export function Signatures({ settings }: { readonly settings: MailSettingsDoc }) {
  const { t } = useWords();
  const change = useSettingsChange();
  const boxes = useWatched("mail.boxes", {});
  const senders = (boxes?.mailboxes ?? []).filter(({ can }) => can.includes("send"));
  const { myId } = useDirectory();
  const [first] = sendersOf(senders, myId);
  const [edited, setEdited] = useState<MailSignature>();
  const nameOf = (mailboxId: string) => {
    const mailbox = senders.find(({ id }) => id === mailboxId);
    return mailbox ? mailbox.name || mailbox.address : undefined;
  };

  /** A mailbox has one signature by itself: where this one is chosen, others are not any more. */
  const save = (signature: MailSignature) => {
    const others = settings.signatures.map((each) => ({
      ...each,
      defaultFor: each.defaultFor.filter((id) => !signature.defaultFor.includes(id)),
    }));
    const isKnown = others.some(({ id }) => id === signature.id);
    const signatures = isKnown
      ? others.map((each) => (each.id === signature.id ? signature : each))
      : [...others, signature];
    return change({ signatures: signatures.map((each) => ({ ...each, defaultFor: [...each.defaultFor] })) });
  };

  return (
    <>
      <Blocks
        none={t("mailSettings.signatures.none")}
        blocks={settings.signatures.map(({ defaultFor, html, id, name }) => ({
          id,
          name,
          line: [...defaultFor.map(nameOf), snippetOf(draftText(html), SHOWN_CHARS)].filter(Boolean).join(" · "),
        }))}
        edit={(id) => setEdited(settings.signatures.find((each) => each.id === id))}
        remove={(id) =>
          void change({
            signatures: settings.signatures
              .filter((each) => each.id !== id)
              .map((each) => ({ ...each, defaultFor: [...each.defaultFor] })),
          })
        }
      />
      <Button
        onClick={() => {
          const isTaken = settings.signatures.some(({ defaultFor }) => first && defaultFor.includes(first.mailboxId));
          setEdited({
            id: newId(),
            name: "",
            html: "",
            defaultFor: first && !isTaken ? [first.mailboxId] : [],
          });
        }}
      >
        {t("mailSettings.signatures.new")}
      </Button>
      {edited && (
        <EditBlock
          key={edited.id}
          title={t("mailSettings.signature")}
          html={edited.html}
          isNamed={edited.name.trim() !== ""}
          close={() => setEdited(undefined)}
          save={(html) => save({ ...edited, name: edited.name.trim(), html })}
        >
          <TextInput
            label={t("mailSettings.name")}
            data-autofocus
            maxLength={100}
            value={edited.name}
            onChange={(event) => setEdited({ ...edited, name: event.currentTarget.value })}
          />
          <MultiSelect
            label={t("mailSettings.signature.for")}
            value={[...edited.defaultFor]}
            data={senders.map(({ address, id, name }) => ({ value: id, label: name || address }))}
            onChange={(defaultFor) => setEdited({ ...edited, defaultFor })}
          />
        </EditBlock>
      )}
    </>
  );
}
