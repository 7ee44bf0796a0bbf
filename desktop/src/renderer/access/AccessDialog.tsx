import { Button, Modal } from "@mantine/core";
import { useEffect, useState } from "react";
import type { ReplicaRecord } from "#contract";
import type { Hint, PolicyWordsDoc } from "@kontor/shared/access";
import type { TypeDefinition } from "@kontor/shared/objects";
import { go } from "../app/route.ts";
import { useDirectory, useReplica, useRow, useTypes } from "../replica/index.ts";
import { Avatar } from "../ui/index.ts";
import { useWords } from "../words/index.ts";
import { useAccess } from "./AccessProvider.tsx";
import { policyBehind, type AccessQuestion } from "./question.ts";
import { RequestForm } from "./RequestForm.tsx";
import { isRedacted, useReason } from "./useReason.ts";
import classes from "./access.module.css";

/** Why something is not open, whom to ask, and asking. What this device knows stands there at once; the server's word replaces it. */
export function AccessDialog({ question, close }: { readonly question: AccessQuestion; readonly close: () => void }) {
  const { t } = useWords();
  const types = useTypes();
  const record = useRow("records", question.recordId);
  const [asking, setAsking] = useState(false);
  const type = types.of(question.type);
  if (record === undefined) return null;
  return (
    <Modal
      opened
      onClose={close}
      title={asking ? t("access.form.title") : titleOf(t, question.act)}
      closeButtonProps={{ "aria-label": t("app.close") }}
      size="lg"
    >
      {asking && type ? (
        <RequestForm question={question} type={type} close={close} />
      ) : (
        <Reason
          question={question}
          record={record ?? undefined}
          type={type}
          close={close}
          request={() => setAsking(true)}
        />
      )}
    </Modal>
  );
}

function titleOf(t: ReturnType<typeof useWords>["t"], act: string): string {
  if (act.startsWith("transition:")) return t("access.dialog.step");
  switch (act) {
    case "edit":
      return t("access.dialog.edit");
    case "delete":
      return t("access.dialog.delete");
    case "attach":
      return t("access.dialog.attach");
    case "restore":
      return t("access.dialog.restore");
    default:
      return t("access.dialog.read");
  }
}

/** Never given for a time: they are done once, and by whoever may. */
const isRequestable = (act: string) => act === "read" || act === "edit" || act === "attach";

interface ReasonProps {
  readonly question: AccessQuestion;
  readonly record: ReplicaRecord | undefined;
  readonly type: TypeDefinition | undefined;
  readonly close: () => void;
  readonly request: () => void;
}

function Reason({ question, record, type, close, request }: ReasonProps) {
  const { t, label } = useWords();
  const { policy, requests } = useAccess();
  const { myId } = useDirectory();
  const { because } = useReason();
  const answer = useServersWord(question, record !== undefined);
  const known = record && policy(policyBehind(record, question));
  const words = answer.hint ? wordsOf(answer.hint, policy) : known;
  const mine = requests.find(
    ({ recordId, requester, state }) =>
      recordId === question.recordId && requester === myId && (state === undefined || state === "open"),
  );
  const section = type?.sections.find(({ key }) => key === question.section);
  const field = question.field === undefined ? undefined : type?.fields[question.field];
  const about = [
    field && label(field.label),
    section && label(section.label),
    record ? record.title : type && t("access.view.unseen", { type: label(type.label) }),
  ].filter(Boolean);
  const isOpenNow = answer.hint?.allowed === true && question.field === undefined && question.section === undefined;
  return (
    <div className={classes.dialog}>
      <p className={classes.about}>{about.join(" · ")}</p>
      <h3>{t("access.dialog.reason")}</h3>
      {record ? (
        <p>{isOpenNow ? t("access.dialog.allowedNow") : because(words, isRedacted(record, question))}</p>
      ) : (
        <p>{t("access.dialog.unseen")}</p>
      )}
      {record && (
        <p className={classes.source} role="status">
          {answer.isWaiting
            ? t("access.dialog.asking")
            : t(answer.hint ? "access.dialog.fresh" : "access.dialog.known")}
        </p>
      )}
      <h3>{t("access.dialog.whom")}</h3>
      {record ? <Whom record={record} contact={words?.contact} close={close} /> : <p>{t("access.dialog.answerer")}</p>}
      {!isRequestable(question.act) && <p className={classes.source}>{t("access.dialog.notGranted")}</p>}
      {mine && <Waiting at={mine.createdAt} />}
      <div className={classes.buttons} style={{ marginTop: 18 }}>
        {mine ? (
          <Button
            onClick={() => {
              go({ at: "requests" });
              close();
            }}
          >
            {t("access.place")}
          </Button>
        ) : (
          isRequestable(question.act) &&
          type && (
            <Button variant="filled" onClick={request} data-autofocus>
              {t("access.dialog.request")}
            </Button>
          )
        )}
        <Button onClick={close}>{t("app.close")}</Button>
      </div>
    </div>
  );
}

function Waiting({ at }: { readonly at: string }) {
  const { t, locale } = useWords();
  const day = new Intl.DateTimeFormat(locale, { day: "numeric", month: "long" }).format(new Date(at));
  return <p className={classes.source}>{t("access.asked", { at: day })}</p>;
}

/** The server's titles are as new as its policies; the effect stands in what this device was told of them. */
function wordsOf(
  { decidedBy, reason }: Hint,
  policy: (id: string | undefined) => PolicyWordsDoc | undefined,
): Pick<PolicyWordsDoc, "title" | "effect" | "contact"> | undefined {
  if (!decidedBy) return undefined;
  const title = typeof decidedBy.title === "string" ? { en: decidedBy.title, ru: decidedBy.title } : decidedBy.title;
  const effect = policy(decidedBy.id)?.effect ?? (reason === "denied" ? "deny" : "allow");
  return { title, effect, ...(decidedBy.contact !== undefined && { contact: decidedBy.contact }) };
}

function useServersWord(question: AccessQuestion, isSeen: boolean): { hint?: Hint; isWaiting: boolean } {
  const { call, status } = useReplica();
  const [answer, setAnswer] = useState<{ hint?: Hint }>();
  const { act: action, recordId: id, section, type, field } = question;
  const isOnline = status.connection === "online";
  // The server explains acts; what a section or a field is kept back by came with the record.
  const isAsked = isSeen && isOnline && section === undefined && field === undefined;
  useEffect(() => {
    if (!isAsked) return;
    let gone = false;
    void call("access.explain", { type, id, action }).then(
      (said) => !gone && setAnswer(said),
      () => !gone && setAnswer({}),
    );
    return () => {
      gone = true;
    };
  }, [call, isAsked, type, id, action]);
  return { ...answer, isWaiting: isAsked && answer === undefined };
}

/** Who can help: whom the policy names, else who is responsible for the record. */
function Whom(props: {
  readonly record: ReplicaRecord;
  readonly contact: string | undefined;
  readonly close: () => void;
}) {
  const { t } = useWords();
  const { contactName } = useAccess();
  const directory = useDirectory();
  const { contact, record } = props;
  const owner = directory.person(record.owner);
  const name = contact === undefined ? undefined : contactName(contact);
  const named = directory.people.find((person) => person.name === name);
  if (name === undefined && !owner) return <p>{t("access.ask.administrator")}</p>;
  const person = name === undefined ? owner : named;
  return (
    <ul className={classes.whom}>
      <li>
        {person && <Avatar id={person.id} name={person.name} size={22} />}
        {person ? (
          <button
            type="button"
            className={classes.person}
            onClick={() => {
              go({ at: "people", id: person.id });
              props.close();
            }}
          >
            {person.name}
          </button>
        ) : (
          name
        )}
        <small>{t(name === undefined ? "access.dialog.owner" : "access.dialog.contact")}</small>
      </li>
    </ul>
  );
}
