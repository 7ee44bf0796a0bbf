import { Button, List, Text } from "@mantine/core";
import { modals } from "@mantine/modals";
import { notifications } from "@mantine/notifications";
import { useRef, useState } from "react";
import { formatAddress, mailLimits, type MailAddress } from "@kontor/shared/mail";
import { useFailureWords, useReplica, useWatched } from "../../replica/index.ts";
import { useWords } from "../../words/index.ts";
import { recipientsOf, type ComposerFields } from "./composer.fields.ts";
import { warningsFor, type SendWarning } from "./warnings.ts";
import classes from "./compose.module.css";

export interface Leaving {
  readonly fields: ComposerFields;
  /** Without what is quoted. */
  readonly ownHtml: string;
  readonly hasFiles: boolean;
  /** What stands in a recipients field and is no address. */
  readonly leftover: string;
}

export interface Sending {
  readonly send: (at?: Date) => Promise<void>;
  readonly isSending: boolean;
  readonly problem: string | undefined;
  readonly forgetProblem: () => void;
  readonly followUp: string | undefined;
  readonly setFollowUp: (at: string | undefined) => void;
}

/** Asks what should be asked, saves what was typed, and puts the draft into the outbox. */
export function useSend(deps: {
  readonly draftId: string;
  readonly sourceId: string | undefined;
  readonly undoSeconds: number;
  readonly isInternal: (address: string) => boolean;
  readonly leaving: () => Leaving;
  readonly save: () => Promise<boolean>;
  readonly onSent: () => void;
}): Sending {
  const { call, status } = useReplica();
  const { t, locale } = useWords();
  const failureWords = useFailureWords();
  const source = useWatched("mail.message", deps.sourceId === undefined ? undefined : { id: deps.sourceId });
  const [problem, setProblem] = useState<string>();
  const [isSending, setSending] = useState(false);
  const [followUp, setFollowUp] = useState<string>();
  const busy = useRef(false); // two presses of Ctrl+Enter before anything is drawn

  async function send(at?: Date): Promise<void> {
    if (busy.current) return;
    busy.current = true;
    try {
      await trySending(at);
    } catch (error) {
      setProblem(failureWords(error));
    } finally {
      busy.current = false;
      setSending(false);
    }
  }

  async function trySending(at: Date | undefined): Promise<void> {
    // A name that is being typed in a field becomes a recipient when the field is left.
    if (document.activeElement instanceof HTMLInputElement) document.activeElement.blur();
    const { fields, hasFiles, leftover, ownHtml } = deps.leaving();
    const recipients = recipientsOf(fields);
    if (leftover !== "") return setProblem(t("compose.problem.leftover", { text: leftover }));
    if (recipients.length === 0) return setProblem(t("compose.problem.nobody"));
    if (recipients.length > mailLimits.maxRecipients)
      return setProblem(t("compose.problem.tooMany", { limit: mailLimits.maxRecipients }));
    setProblem(undefined);
    const before = source ? [...source.from, ...source.to, ...source.cc] : undefined;
    const isOwnText = fields.origin.kind !== "redirect";
    const warnings = warningsFor(
      { subject: fields.subject, ownHtml: isOwnText ? ownHtml : "", hasFiles, recipients, before },
      deps.isInternal,
    );
    if (warnings.length > 0 && !(await confirmed(warnings))) return;
    setSending(true);
    if (!(await deps.save())) return;
    await call("mail.send", {
      id: deps.draftId,
      undoSeconds: at ? 0 : deps.undoSeconds,
      ...(at ? { at: at.toISOString() } : {}),
      ...(followUp === undefined ? {} : { followUpAt: followUp }),
    });
    if (at) {
      const words = status.connection === "online" ? "compose.scheduled" : "compose.scheduledOffline";
      notifications.show({ message: t(words, { when: momentIn(locale, at) }) });
    }
    deps.onSent();
  }

  const confirmed = (warnings: readonly SendWarning[]): Promise<boolean> =>
    new Promise((resolve) => {
      const modalId = modals.open({
        title: t("compose.warn.title"),
        onClose: () => resolve(false),
        children: (
          <Warnings
            warnings={warnings}
            answer={(send) => {
              resolve(send);
              modals.close(modalId);
            }}
          />
        ),
      });
    });

  return { send, isSending, problem, forgetProblem: () => setProblem(undefined), followUp, setFollowUp };
}

function Warnings(props: { readonly warnings: readonly SendWarning[]; readonly answer: (send: boolean) => void }) {
  const { t } = useWords();
  return (
    <>
      <List size="sm" spacing={6}>
        {props.warnings.map((warning) => (
          <List.Item key={warning.kind}>
            {warning.kind === "forgottenFile" && t("compose.warn.file")}
            {warning.kind === "noSubject" && t("compose.warn.subject")}
            {warning.kind === "newOutsiders" && (
              <>
                {t("compose.warn.outsiders", { count: warning.people.length })}
                <Text size="xs" c="dimmed">
                  {named(warning.people)}
                </Text>
              </>
            )}
          </List.Item>
        ))}
      </List>
      <div className={classes.buttons}>
        <Button data-autofocus onClick={() => props.answer(false)}>
          {t("compose.warn.back")}
        </Button>
        <Button variant="filled" onClick={() => props.answer(true)}>
          {t("compose.warn.send")}
        </Button>
      </div>
    </>
  );
}

const NAMED = 8;
const named = (people: readonly MailAddress[]): string =>
  [...people.slice(0, NAMED).map(formatAddress), ...(people.length > NAMED ? ["…"] : [])].join(", ");

const momentIn = (locale: string, at: Date): string =>
  new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short", hourCycle: "h23" }).format(at);
