import { Button, Drawer, MultiSelect, Select, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useState } from "react";
import { call, Problem, type Structure } from "../../api/api.ts";
import { ProblemAlert } from "../../ui/Loaded.tsx";
import { useAct } from "../../ui/useAct.ts";
import { useWords } from "../../words/words.ts";
import type { AdminMailbox, MailGroup } from "../mail.api.ts";

interface Props {
  readonly group: MailGroup | undefined;
  readonly mailboxes: readonly AdminMailbox[];
  readonly structure: Structure;
  readonly onClose: () => void;
}

/** An address behind which several mailboxes stand. */
export function GroupForm({ group, mailboxes, structure, onClose }: Props) {
  const { t, named, reason } = useWords();
  const { act, confirm } = useAct();
  const [error, setError] = useState<Error>();
  const [busy, setBusy] = useState(false);
  const form = useForm({
    initialValues: {
      name: group?.name ?? "",
      address: group?.address ?? "",
      userGroupId: group?.userGroupId ?? null,
      mailboxIds: [...(group?.mailboxIds ?? [])],
    },
  });

  async function save(values: typeof form.values) {
    setBusy(true);
    setError(undefined);
    try {
      await (group
        ? call("PUT", `/admin/mail/groups/${group.id}`, values)
        : call("POST", "/admin/mail/groups", values));
      await act(async () => t("people.saved"));
      onClose();
    } catch (problem) {
      setError(problem as Error);
      if (problem instanceof Problem)
        form.setErrors(Object.fromEntries(problem.problems.map((one) => [one.field, reason(one.reason, one.message)])));
    } finally {
      setBusy(false);
    }
  }

  return (
    <Drawer
      opened
      onClose={onClose}
      position="right"
      size={480}
      title={group ? t("mail.group.edit", { name: group.name }) : t("mail.group.add")}
      closeButtonProps={{ "aria-label": t("app.close") }}
    >
      <form onSubmit={form.onSubmit(save)} style={{ display: "grid", gap: 10 }}>
        {error && <ProblemAlert error={error} />}
        <TextInput label={t("mail.box.name")} required maxLength={200} data-autofocus {...form.getInputProps("name")} />
        <TextInput
          label={t("mail.group.address")}
          required
          maxLength={320}
          autoComplete="off"
          {...form.getInputProps("address")}
        />
        <Select
          label={t("mail.group.userGroup")}
          description={t("mail.group.userGroup.hint")}
          data={structure.groups.map((each) => ({ value: each.id, label: named(each) }))}
          searchable
          clearable
          {...form.getInputProps("userGroupId")}
        />
        <MultiSelect
          label={t("mail.group.mailboxes")}
          data={mailboxes
            .filter(({ kind }) => kind !== "external")
            .map(({ id, name, addresses }) => ({ value: id, label: `${name} · ${addresses[0] ?? ""}` }))}
          searchable
          limit={50}
          {...form.getInputProps("mailboxIds")}
        />
        <div style={{ display: "flex", gap: 8, marginTop: 8 }}>
          <Button type="submit" variant="filled" loading={busy}>
            {t("app.save")}
          </Button>
          <Button onClick={onClose}>{t("app.cancel")}</Button>
          <span className="grow" />
          {group && (
            <Button
              color="red"
              onClick={() =>
                confirm({
                  title: t("mail.group.remove"),
                  words: t("mail.group.remove.ask", { address: group.address }),
                  run: async () => {
                    await call("DELETE", `/admin/mail/groups/${group.id}`);
                    onClose();
                    return t("mail.group.removed");
                  },
                })
              }
            >
              {t("mail.group.remove")}
            </Button>
          )}
        </div>
      </form>
    </Drawer>
  );
}
