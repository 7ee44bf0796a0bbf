import { Button, Text } from "@mantine/core";
import { modals } from "@mantine/modals";
import { notifications } from "@mantine/notifications";
import type { IssueItem } from "#contract";
import type { Json } from "@kontor/shared/base";
import { formatFieldValue } from "@kontor/shared/objects";
import { go } from "../app/route.ts";
import { formatUntil, useAccess, useRefusalWords } from "../access/index.ts";
import { useDirectory, useReplica, useRow, useTypes } from "../replica/index.ts";
import { Empty, Time } from "../ui/index.ts";
import { currentLocale, useWords } from "../words/index.ts";
import { mailInput } from "./mailInput.ts";
import { useIntentName } from "./useIntentName.ts";
import { useItems } from "./useItems.ts";
import classes from "./outbox.module.css";

/** What the server refused for good: why, and what the user had put in. Nothing leaves here but by the user's hand (SYN-7). */
export function IssuesView() {
  const { t } = useWords();
  const items = useItems("issues.list");
  return (
    <section className={classes.view} aria-label={t("app.place.issues")} data-region="issues">
      <header className={classes.head}>
        <h1>{t("app.place.issues")}</h1>
        <p>{t("outbox.issues.text")}</p>
      </header>
      <div className={classes.scroll}>
        {items?.length === 0 && <Empty title={t("outbox.issues.empty")} />}
        {items?.map((item) => (
          <Issue key={item.mid} item={item} />
        ))}
      </div>
    </section>
  );
}

function Issue({ item }: { readonly item: IssueItem }) {
  const { t, label, locale, problem, reason } = useWords();
  const { call } = useReplica();
  const { ask } = useAccess();
  const refusalWords = useRefusalWords();
  const nameOf = useIntentName();
  const types = useTypes();
  const { departmentName, personName } = useDirectory();
  const record = useRow("records", item.recordId);
  const type = types.of(item.type ?? record?.type ?? "");
  const shownInput = Object.entries(item.input).filter(([key]) => !isForProgram(item, key));
  const said = isOfMail(item)
    ? mailInput(item, t)
    : shownInput.map(([key, value]) => ({ key, ...inputWords(key, value) }));
  /** What is wrong with none of the lines below: each stands for itself. */
  const others = item.problems.filter(({ field }) => !said.some(({ key }) => key === field));
  const input = said.map((line) => ({ ...line, wrong: item.problems.find((each) => each.field === line.key) }));

  /** A field's name and value; of intents that are not about values, what was meant in words. */
  function inputWords(key: string, value: Json): { name: string; text: string } {
    const field = type?.fields[key];
    if (field) {
      const text = formatFieldValue(field, value, locale, { person: personName, department: departmentName });
      return { name: label(field.label), text: text || t("objects.empty") };
    }
    const step = key === "transition" && type?.states?.transitions.find((each) => each.key === value);
    if (step) return { name: t("outbox.issues.step"), text: label(step.label) };
    const own = accessInput(key, value, t);
    if (item.name.startsWith("access.") && own) return own;
    const about = key === "field" && typeof value === "string" ? type?.fields[value] : undefined;
    if (about) return { name: t("outbox.issues.field"), text: label(about.label) };
    return { name: key, text: typeof value === "string" ? value : JSON.stringify(value) };
  }
  const isAnswer = item.name.startsWith("access.");
  const reasonText = isAnswer ? refusalWords(item, type) : reason(item.reason, item.message);
  const act = item.code === "forbidden" && !isAnswer ? actOf(item) : undefined;

  function copy(): void {
    const lines = [
      `${item.title}: ${nameOf(item.name)}`,
      reasonText,
      ...others.map(problem),
      ...input.map(({ name, text }) => `${name}: ${text}`),
    ];
    void window.kontor
      .copyText(lines.join("\n"))
      .then(() => notifications.show({ message: t("outbox.issues.copied") }));
  }

  const discard = () =>
    modals.openConfirmModal({
      title: t("outbox.issues.discardTitle"),
      children: <Text size="sm">{t("outbox.issues.discardText")}</Text>,
      labels: { confirm: t("outbox.discard"), cancel: t("app.cancel") },
      confirmProps: { color: "red", variant: "filled" },
      onConfirm: () => void call("issues.discard", { mid: item.mid }),
    });

  return (
    <article className={classes.issue} aria-label={item.title}>
      <h2>{item.count === undefined ? item.title || nameOf(item.name) : t("outbox.many", { count: item.count })}</h2>
      <Text size="xs" c="dimmed">
        {[type && label(type.label), nameOf(item.name)].filter(Boolean).join(" · ")} · <Time at={item.at} />
      </Text>
      <p className={classes.reason}>{reasonText}</p>
      {isOfMail(item) &&
        others.map((each) => (
          <p key={each.message} className={classes.reason}>
            {problem(each)}
          </p>
        ))}
      {input.length > 0 && (
        <dl className={classes.input} aria-label={t("outbox.issues.input")}>
          {input.map(({ key, name, text, wrong }) => (
            <div key={key} style={{ display: "contents" }}>
              <dt>{name}</dt>
              <dd>
                {text}
                {wrong && <em>{problem(wrong)}</em>}
              </dd>
            </div>
          ))}
        </dl>
      )}
      <div className={classes.buttons}>
        {record && (
          <Button onClick={() => go({ at: "objects", type: record.type, id: record.id })}>
            {t("outbox.issues.open")}
          </Button>
        )}
        {item.collection === "messages" && item.count === undefined && (
          <Button onClick={() => go({ at: "mail", place: "drafts", id: item.rowId })}>
            {t("outbox.issues.openMail")}
          </Button>
        )}
        {record && act !== undefined && (
          <Button onClick={() => ask({ type: record.type, recordId: record.id, act })}>{t("access.why")}</Button>
        )}
        <Button onClick={copy}>{t("outbox.issues.copy")}</Button>
        <Button onClick={() => void call("issues.retry", { mid: item.mid })}>{t("outbox.retry")}</Button>
        <Button color="red" variant="subtle" onClick={discard}>
          {t("outbox.discard")}
        </Button>
      </div>
    </article>
  );
}

const isOfMail = ({ collection }: IssueItem): boolean =>
  ["messages", "mailFolders", "mailLinks", "mailRules", "contacts", "mailSettings"].includes(collection);

/** What was refused, as policies call it. */
function actOf({ input, name }: IssueItem): string | undefined {
  if (name === "record.transition") return `transition:${String(input["transition"])}`;
  if (name.startsWith("file.")) return "attach";
  const acts: Readonly<Record<string, string>> = {
    "record.edit": "edit",
    "record.resolve": "edit",
    "record.delete": "delete",
    "record.restore": "restore",
  };
  return acts[name];
}

/** Of a request or an answer: what its author wrote and chose; ids say nothing to them. */
function accessInput(
  key: string,
  value: Json,
  t: ReturnType<typeof useWords>["t"],
): { name: string; text: string } | undefined {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  switch (key) {
    case "until":
      return { name: t("access.input.until"), text: formatUntil(text, currentLocale()) };
    case "why":
      return { name: t("access.input.why"), text };
    case "answer":
      return { name: t("access.input.answer"), text };
    case "level":
      return { name: t("access.form.level"), text: t(value === "edit" ? "access.level.edit" : "access.level.read") };
    default:
      return undefined;
  }
}

/** Parts of an intent that say nothing to its author: ids, and what is told in words elsewhere. */
const isForProgram = (item: IssueItem, key: string): boolean =>
  item.name.startsWith("access.") && ["recordId", "type", "sections"].includes(key);
