import { ActionIcon, Button, Menu, NativeSelect, Switch } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { IconArrowDown, IconArrowUp, IconDots, IconPlus } from "@tabler/icons-react";
import { useState } from "react";
import type { ReplicaRule } from "#contract";
import { newId } from "@kontor/shared/base";
import { mailLimits, type MailboxDoc, type RuleAction, type RuleCondition } from "@kontor/shared/mail";
import { useDirectory, useFailureWords, useReplica, useWatched } from "../../replica/index.ts";
import { complain, Empty } from "../../ui/index.ts";
import { useWords } from "../../words/index.ts";
import { folderNames } from "./folder.names.ts";
import { RuleForm } from "./RuleForm.tsx";
import { moved, newRule, ruleOf, type Rule } from "./rule.form.ts";
import { RunDialog } from "./RunDialog.tsx";
import { actionWords, fieldWords, testWords } from "./rule.names.ts";
import classes from "./rules.module.css";

/** Rules of each mailbox that one may edit: in their order, on or off, tried on what lies in a folder. */
export function RulesEditor() {
  const { t } = useWords();
  const { myId } = useDirectory();
  const boxes = useWatched("mail.boxes", {});
  const editable = (boxes?.mailboxes ?? []).filter(({ can }) => can.includes("edit"));
  const own = editable.find(({ kind, ownerId }) => kind === "personal" && ownerId === myId);
  const [chosen, setChosen] = useState<string>();
  const mailbox = editable.find(({ id }) => id === chosen) ?? own ?? editable[0];
  if (!boxes) return null;
  if (!mailbox) return <Empty title={t("rules.noMailbox")} />;
  return (
    <>
      <div className={classes.head}>
        <p>{t("rules.hint")}</p>
        {editable.length > 1 && (
          <NativeSelect
            size="xs"
            aria-label={t("rules.mailbox")}
            value={mailbox.id}
            data={editable.map(({ address, id, name }) => ({ value: id, label: name || address }))}
            onChange={(event) => setChosen(event.currentTarget.value)}
          />
        )}
      </div>
      <Rules key={mailbox.id} mailbox={mailbox} />
    </>
  );
}

function Rules({ mailbox }: { readonly mailbox: MailboxDoc }) {
  const { t } = useWords();
  const failureWords = useFailureWords();
  const { call } = useReplica();
  const rules = useWatched("mail.rules", { mailboxId: mailbox.id });
  const boxes = useWatched("mail.boxes", {});
  const [edited, setEdited] = useState<{ readonly id: string; readonly rule: Rule }>();
  const [run, setRun] = useState<ReplicaRule>();
  if (!rules || !boxes) return null;
  const folders = folderNames(
    boxes.folders.filter(({ mailboxId }) => mailboxId === mailbox.id),
    t,
  );

  async function save(id: string, rule: Rule): Promise<void> {
    await call("rule.save", { id, mailboxId: mailbox.id, rule: rule as never });
  }
  const orSay = (act: Promise<unknown>): void => void act.catch((error: unknown) => complain(failureWords(error)));

  function remove(rule: ReplicaRule): void {
    orSay(
      call("rule.delete", { id: rule.id }).then(() => {
        const noticeId = `rule-${rule.id}`;
        notifications.show({
          id: noticeId,
          title: t("rules.deleted", { name: rule.name }),
          message: (
            <Button
              onClick={() => {
                notifications.hide(noticeId);
                orSay(save(newId(), ruleOf(rule)));
              }}
            >
              {t("app.undo")}
            </Button>
          ),
        });
      }),
    );
  }

  return (
    <>
      <ol className={classes.rules}>
        {rules.map((rule, index) => (
          <li key={rule.id} className={classes.rule} data-off={!rule.enabled || undefined}>
            <Switch
              size="xs"
              checked={rule.enabled}
              aria-label={t("rules.on", { name: rule.name })}
              onChange={(event) => orSay(save(rule.id, { ...ruleOf(rule), enabled: event.currentTarget.checked }))}
            />
            <button
              type="button"
              className={classes.said}
              onClick={() => setEdited({ id: rule.id, rule: ruleOf(rule) })}
            >
              <b>{rule.name}</b>
              <Said rule={rule} folders={folders} />
            </button>
            <ActionIcon
              variant="transparent"
              aria-label={t("rules.up", { name: rule.name })}
              disabled={index === 0}
              onClick={() => moved(rules, rule.id, -1).forEach((each) => orSay(save(each.id, each.rule)))}
            >
              <IconArrowUp size={15} />
            </ActionIcon>
            <ActionIcon
              variant="transparent"
              aria-label={t("rules.down", { name: rule.name })}
              disabled={index === rules.length - 1}
              onClick={() => moved(rules, rule.id, 1).forEach((each) => orSay(save(each.id, each.rule)))}
            >
              <IconArrowDown size={15} />
            </ActionIcon>
            <Menu position="bottom-end">
              <Menu.Target>
                <ActionIcon aria-label={t("rules.more", { name: rule.name })}>
                  <IconDots size={15} />
                </ActionIcon>
              </Menu.Target>
              <Menu.Dropdown>
                <Menu.Item onClick={() => setEdited({ id: rule.id, rule: ruleOf(rule) })}>{t("rules.edit")}</Menu.Item>
                <Menu.Item onClick={() => setRun(rule)}>{t("rules.run")}</Menu.Item>
                <Menu.Item color="red" onClick={() => remove(rule)}>
                  {t("rules.delete")}
                </Menu.Item>
              </Menu.Dropdown>
            </Menu>
          </li>
        ))}
      </ol>
      {rules.length === 0 && <p className={classes.none}>{t("rules.none")}</p>}
      <Button
        leftSection={<IconPlus size={15} />}
        disabled={rules.length >= mailLimits.maxRules}
        onClick={() => setEdited({ id: newId(), rule: newRule(rules.length) })}
      >
        {t("rules.new")}
      </Button>
      {edited && (
        <RuleForm
          key={edited.id}
          start={edited.rule}
          folders={folders}
          close={() => setEdited(undefined)}
          save={(rule) => save(edited.id, rule)}
        />
      )}
      {run && <RunDialog mailboxId={mailbox.id} rule={run} folders={folders} close={() => setRun(undefined)} />}
    </>
  );
}

/** A rule in one line: what it looks at, and what it does. */
function Said({ rule, folders }: { readonly rule: ReplicaRule; readonly folders: ReadonlyMap<string, string> }) {
  const { t, locale } = useWords();
  const { personName } = useDirectory();
  const quoted = (text: string) => (locale === "ru" ? `«${text}»` : `“${text}”`);
  const condition = ({ field, test, value }: RuleCondition): string => {
    if (field === "size")
      return `${t(fieldWords.size)} ${t(testWords[test])} ${new Intl.NumberFormat(locale).format(value / 1e6)} MB`;
    if (field === "hasAttachment" || field === "internal")
      return `${t(fieldWords[field])}: ${t(value ? "rules.yes" : "rules.no")}`;
    return `${t(fieldWords[field])} ${t(testWords[test])} ${quoted(String(value))}`;
  };
  const action = (each: RuleAction): string => {
    const name = t(actionWords[each.do]);
    switch (each.do) {
      case "move":
        return `${name} ${folders.get(each.folderId) ?? "…"}`;
      case "label":
        return `${name} ${quoted(each.label)}`;
      case "forward":
        return `${name} ${each.to}`;
      case "assign":
        return `${name} ${personName(each.userId) ?? "…"}`;
      default:
        return name;
    }
  };
  const joint = ` ${t(rule.match === "all" ? "rules.and" : "rules.or")} `;
  return (
    <small>
      {rule.conditions.map(condition).join(joint) || t("rules.always")} → {rule.actions.map(action).join(", ")}
    </small>
  );
}
