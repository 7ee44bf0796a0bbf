import { Button, SegmentedControl, Textarea, TextInput } from "@mantine/core";
import { useState, type FormEvent } from "react";
import { useFailureWords, useReplica } from "../../replica/index.ts";
import { useDraft } from "../../ui/index.ts";
import { useWords } from "../../words/index.ts";
import { contactOf, type ContactProblem, type ContactRaw } from "./contact.form.ts";
import classes from "./contacts.module.css";

/** A contact or a group; what was typed waits here until it is saved or thrown away. */
export function ContactForm(props: {
  readonly id: string;
  readonly start: ContactRaw;
  readonly close: (saved: boolean) => void;
}) {
  const { t } = useWords();
  const failureWords = useFailureWords();
  const { call } = useReplica();
  const [kept, keep] = useDraft<ContactRaw>(`contact/${props.id}`);
  const [problem, setProblem] = useState<{ readonly at: ContactProblem | "server"; readonly words: string }>();
  if (kept === undefined) return null;
  const raw = kept ?? props.start;
  const set = (part: Partial<ContactRaw>) => {
    setProblem(undefined);
    keep({ ...raw, ...part });
  };

  async function save(event: FormEvent): Promise<void> {
    event.preventDefault();
    const parsed = contactOf(raw);
    if (!parsed.ok)
      return setProblem({ at: parsed.problem, words: t(PROBLEMS[parsed.problem], { text: parsed.text }) });
    try {
      await call("contact.save", { id: props.id, contact: parsed.contact as never });
    } catch (error) {
      return setProblem({ at: "server", words: failureWords(error) });
    }
    keep(null);
    props.close(true);
  }

  const field = (key: "name" | "organisation" | "title") => ({
    value: raw[key],
    maxLength: 200,
    onChange: (event: { readonly currentTarget: HTMLInputElement }) => set({ [key]: event.currentTarget.value }),
  });
  const lines = (key: "emails" | "phones" | "note" | "members") => ({
    value: raw[key],
    autosize: true,
    minRows: key === "members" ? 4 : key === "note" ? 2 : 1,
    error: problem?.at === key ? problem.words : undefined,
    onChange: (event: { readonly currentTarget: HTMLTextAreaElement }) => set({ [key]: event.currentTarget.value }),
  });
  return (
    <form className={classes.form} onSubmit={(event) => void save(event)} noValidate>
      <h1>{t(raw.isGroup ? "contacts.group" : "contacts.contact")}</h1>
      <SegmentedControl
        size="xs"
        aria-label={t("contacts.whose")}
        value={raw.kind}
        onChange={(kind) => set({ kind: kind === "shared" ? "shared" : "personal" })}
        data={[
          { value: "personal", label: t("contacts.kind.personal") },
          { value: "shared", label: t("contacts.kind.shared") },
        ]}
      />
      <TextInput
        label={t("contacts.name")}
        autoFocus
        error={problem?.at === "name" ? problem.words : undefined}
        {...field("name")}
      />
      {raw.isGroup ? (
        <Textarea label={t("contacts.memberList")} description={t("contacts.memberListHint")} {...lines("members")} />
      ) : (
        <>
          <TextInput label={t("contacts.organisation")} {...field("organisation")} />
          <TextInput label={t("contacts.position")} {...field("title")} />
          <Textarea label={t("contacts.emails")} description={t("contacts.linesHint")} {...lines("emails")} />
          <Textarea label={t("contacts.phones")} {...lines("phones")} />
        </>
      )}
      <Textarea label={t("contacts.note")} {...lines("note")} />
      {(problem?.at === "server" || problem?.at === "tooMuch") && (
        <p className={classes.problem} role="alert">
          {problem.words}
        </p>
      )}
      <div className={classes.buttons}>
        <Button type="submit" variant="filled">
          {t("contacts.save")}
        </Button>
        <Button
          onClick={() => {
            keep(null);
            props.close(false);
          }}
        >
          {t("app.cancel")}
        </Button>
      </div>
    </form>
  );
}

const PROBLEMS = {
  name: "contacts.problem.name",
  emails: "contacts.problem.address",
  members: "contacts.problem.address",
  tooMuch: "contacts.problem.tooMuch",
} as const satisfies Record<ContactProblem, string>;
