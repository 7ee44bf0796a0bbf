import { Text } from "@mantine/core";
import { useEffect, useState } from "react";
import { modals } from "@mantine/modals";
import { notifications } from "@mantine/notifications";
import { newId } from "@kontor/shared/base";
import { go } from "../app/route.ts";
import { whenCreated } from "../objects/whenCreated.ts";
import { once, useReplica, useTypes } from "../replica/index.ts";
import { useWords } from "../words/index.ts";
import { UndoSendBar } from "./compose/index.ts";
import { AddressDialog } from "./dialogs/AddressDialog.tsx";
import { LabelDialog } from "./dialogs/LabelDialog.tsx";
import { LinkDialog } from "./dialogs/LinkDialog.tsx";
import { MomentDialog } from "./dialogs/MomentDialog.tsx";
import { MoveDialog } from "./dialogs/MoveDialog.tsx";
import { SourceDialog } from "./dialogs/SourceDialog.tsx";
import { mailRequests, type MailRequest } from "./mail.requests.ts";
import { filesOf } from "./filesOf.ts";
import { closePictures, openPictures } from "./read/pictures.ts";
import { printMessages } from "./read/print.ts";
import { useAddresses } from "./useAddresses.ts";
import { useWrite } from "./useWrite.ts";

/** Mail's dialogs and the bar of what is about to leave, wherever one is in the window. */
export function MailOverlays() {
  const [asked, setAsked] = useState<MailRequest>();
  const act = useActs();
  useEffect(() => {
    const subscription = mailRequests.subscribe((request) => {
      if (!act(request)) setAsked(request);
    });
    return () => subscription.unsubscribe();
  }, [act]);
  const close = () => setAsked(undefined);
  return (
    <>
      <UndoSendBar reopen={(draftId) => go({ at: "mail", place: "drafts", id: draftId })} />
      {(asked?.ask === "snooze" || asked?.ask === "followUp") && <MomentDialog asked={asked} close={close} />}
      {asked?.ask === "label" && <LabelDialog asked={asked} close={close} />}
      {asked?.ask === "move" && <MoveDialog asked={asked} close={close} />}
      {asked?.ask === "link" && <LinkDialog threadId={asked.threadId} close={close} />}
      {asked?.ask === "source" && <SourceDialog messageId={asked.messageId} close={close} />}
      {asked?.ask === "address" && <AddressDialog address={asked.address} shown={asked.shown} close={close} />}
    </>
  );
}

/** What needs no dialog: done at once. True when it was such a thing. */
function useActs(): (request: MailRequest) => boolean {
  const { call, watch } = useReplica();
  const { t, label, locale } = useWords();
  const write = useWrite();
  const types = useTypes();
  const addresses = useAddresses();

  async function print(ids: readonly string[]): Promise<void> {
    const found = await Promise.all(ids.map((id) => once(watch, "mail.message", { id })));
    const messages = found.flatMap((message) => message ?? []);
    const pictures = await Promise.all(messages.map((message) => openPictures(call, message)));
    const bodies = new Map(
      ((await once(watch, "mail.bodies", { ids: [...ids] })) ?? []).map((body) => [body.id, body]),
    );
    const moment = new Intl.DateTimeFormat(locale, { dateStyle: "full", timeStyle: "short", hourCycle: "h23" });
    const people = (list: readonly { address: string; name?: string }[]) =>
      list.map((each) => `${addresses.nameOf(each)} <${each.address}>`).join(", ");
    printMessages(
      messages.map((message, index) => {
        const lines: readonly (readonly [string, string])[] = [
          [t("mail.from"), people(message.from)],
          [t("mail.to"), people(message.to)],
          [t("mail.cc"), people(message.cc)],
          [t("mail.date"), moment.format(new Date(message.sentAt))],
          [
            t("mail.attachments"),
            filesOf(message)
              .map(({ name }) => name)
              .join(", "),
          ],
        ];
        return {
          message,
          body: bodies.get(message.id),
          pictures: pictures[index] ?? new Map(),
          lines: lines.filter(([, value]) => value !== ""),
        };
      }),
      () => pictures.forEach(closePictures),
    );
  }

  async function beginRecord(typeName: string, threadId: string, messageId: string): Promise<void> {
    const message = await once(watch, "mail.message", { id: messageId });
    const type = types.of(typeName);
    if (!message || !type) return;
    const key = `new/${typeName}`;
    const title = typeof type.titleField === "string" ? type.titleField : undefined;
    const show = () => {
      go({ at: "new", type: typeName });
      whenCreated(typeName, (recordId) => void call("mail.link", { id: newId(), threadId, recordId }));
    };
    const begin = async () => {
      await call("draft.set", { key, value: title === undefined ? null : { [title]: message.subject } });
      show();
    };
    const { value: begun } = await call("draft.get", { key });
    if (begun === null) return begin();
    // Half of another record would be gone without a word.
    modals.openConfirmModal({
      title: t("mail.link.begun.title", { type: label(type.label) }),
      children: <Text size="sm">{t("mail.link.begun.text")}</Text>,
      labels: { confirm: t("mail.link.begun.anew"), cancel: t("mail.link.begun.goOn") },
      closeButtonProps: { "aria-label": t("app.close") },
      onConfirm: () => void begin(),
      onCancel: show,
    });
  }

  async function split(messageId: string): Promise<void> {
    await call("mail.regroup", { targets: { ids: [messageId] }, threadId: newId() });
    notifications.show({ message: t("mail.done.split") });
  }

  return (request) => {
    switch (request.ask) {
      case "compose": {
        const { cards, files, show, subject, to } = request;
        void write({
          kind: "new",
          ...(to ? { to } : {}),
          ...(subject === undefined ? {} : { subject }),
          ...(cards ? { cards } : {}),
          ...(files ? { files } : {}),
        }).then((id) => id && (show ? show(id) : go({ at: "mail", place: "drafts", id })));
        return true;
      }
      case "print":
        void print(request.ids);
        return true;
      case "record":
        void beginRecord(request.type, request.threadId, request.messageId);
        return true;
      case "split":
        void split(request.messageId);
        return true;
      default:
        return false;
    }
  };
}
