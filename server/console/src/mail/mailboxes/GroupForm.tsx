import { Button, MultiSelect, Select, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { call, type Structure } from "../../api/api.ts";
import { FormDrawer } from "../../ui/FormDrawer.tsx";
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
  const { t, named } = useWords();
  const { confirm } = useAct();
  const form = useForm({
    initialValues: {
      name: group?.name ?? "",
      address: group?.address ?? "",
      userGroupId: group?.userGroupId ?? null,
      mailboxIds: [...(group?.mailboxIds ?? [])],
    },
  });

  return (
    <FormDrawer
      title={group ? t("mail.group.edit", { name: group.name }) : t("mail.group.add")}
      form={form}
      save={(values) =>
        group ? call("PUT", `/admin/mail/groups/${group.id}`, values) : call("POST", "/admin/mail/groups", values)
      }
      onSaved={onClose}
      onClose={onClose}
      actions={
        group && (
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
        )
      }
    >
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
        nothingFoundMessage={t("app.nothing")}
        limit={50}
        {...form.getInputProps("mailboxIds")}
      />
    </FormDrawer>
  );
}
