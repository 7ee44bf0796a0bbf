import { Button, Select, TagsInput, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useState } from "react";
import { mailboxRoles, type MailboxRole } from "@kontor/shared/mail";
import { call, type Person, type Structure } from "../../api/api.ts";
import { departmentOptions } from "../../people/departmentTree.ts";
import { FormDrawer } from "../../ui/FormDrawer.tsx";
import { useAct } from "../../ui/useAct.ts";
import { useWords } from "../../words/words.ts";
import type { AdminMailbox, MailboxMember } from "../mail.api.ts";

interface Props {
  readonly mailbox: AdminMailbox | undefined;
  readonly people: readonly Person[];
  readonly structure: Structure;
  readonly onClose: () => void;
}

/** A shared mailbox, or who else has somebody's own. */
export function MailboxForm({ mailbox, people, structure, onClose }: Props) {
  const { t, locale } = useWords();
  const isShared = mailbox === undefined || mailbox.kind === "shared";
  const form = useForm({
    initialValues: {
      name: mailbox?.name ?? "",
      addresses: [...(mailbox?.addresses ?? [])],
      departmentId: mailbox?.departmentId ?? null,
      members: [...(mailbox?.members ?? [])] as MailboxMember[],
    },
  });

  async function save({ name, addresses: [address = "", ...aliases], departmentId, members }: typeof form.values) {
    if (!mailbox) {
      const department = departmentId === null ? {} : { departmentId };
      return call<void>("POST", "/admin/mail/mailboxes", { name, address, aliases, members, ...department });
    }
    const addresses = mailbox.kind === "external" ? {} : { addresses: [address, ...aliases] };
    const shared = isShared ? { name, departmentId } : {};
    await call("PATCH", `/admin/mail/mailboxes/${mailbox.id}`, { ...shared, ...addresses });
    // Whoever has somebody's own mailbox is not for everybody to say who may change its addresses.
    if (form.isDirty("members")) await call("PUT", `/mail/mailboxes/${mailbox.id}/members`, { members });
  }

  return (
    <FormDrawer
      title={mailbox ? t("mail.box.edit", { name: mailbox.name }) : t("mail.box.add")}
      form={form}
      save={save}
      fieldOf={(field) => (/^(address|alias)/.test(field) ? "addresses" : field)}
      isIncomplete={isShared && form.values.addresses.length === 0}
      onSaved={onClose}
      onClose={onClose}
      actions={mailbox && <DisableButton mailbox={mailbox} />}
    >
      <TextInput
        label={t("mail.box.name")}
        required
        maxLength={200}
        data-autofocus
        disabled={!isShared}
        {...form.getInputProps("name")}
      />
      <TagsInput
        label={t("mail.box.addresses")}
        description={t("mail.box.addresses.hint")}
        required={isShared}
        disabled={mailbox?.kind === "external"}
        maxTags={50}
        splitChars={[",", " ", ";"]}
        acceptValueOnBlur
        {...form.getInputProps("addresses")}
      />
      {isShared && (
        <Select
          label={t("people.department")}
          data={departmentOptions(structure.departments, locale)}
          searchable
          clearable
          {...form.getInputProps("departmentId")}
        />
      )}
      <Members
        members={form.values.members}
        people={people}
        ownerId={mailbox?.ownerId ?? null}
        onChange={(members) => form.setFieldValue("members", [...members])}
      />
    </FormDrawer>
  );
}

function DisableButton({ mailbox: { id, name, disabled } }: { readonly mailbox: AdminMailbox }) {
  const { t } = useWords();
  const { confirm } = useAct();
  const title = t(disabled ? "mail.box.enable" : "mail.box.disable");
  return (
    <Button
      {...(!disabled && { color: "red" })}
      onClick={() =>
        confirm({
          title,
          words: t(disabled ? "mail.box.enable.ask" : "mail.box.disable.ask", { name }),
          run: async () => {
            await call("PATCH", `/admin/mail/mailboxes/${id}`, { disabled: !disabled });
            return t("people.saved");
          },
        })
      }
    >
      {title}
    </Button>
  );
}

function Members({
  members,
  people,
  ownerId,
  onChange,
}: {
  readonly members: readonly MailboxMember[];
  readonly people: readonly Person[];
  readonly ownerId: string | null;
  readonly onChange: (members: readonly MailboxMember[]) => void;
}) {
  const { t } = useWords();
  const [search, setSearch] = useState("");
  const nameOf = new Map(people.map(({ id, name }) => [id, name]));
  const had = new Set([...members.map(({ userId }) => userId), ...(ownerId === null ? [] : [ownerId])]);
  const roles = mailboxRoles.map((value) => ({ value, label: t(`mail.role.${value}`) }));
  return (
    <fieldset style={{ border: 0, padding: 0, margin: 0, display: "grid", gap: 8 }}>
      <legend style={{ fontSize: 13, fontWeight: 560, padding: 0, marginBottom: 4 }}>{t("mail.box.members")}</legend>
      {members.length === 0 && <span className="quiet">{t("mail.box.members.none")}</span>}
      {members.map(({ userId, role }) => (
        <div key={userId} style={{ display: "flex", gap: 8, alignItems: "center" }}>
          <span style={{ flex: 1, minWidth: 0, overflowWrap: "anywhere" }}>{nameOf.get(userId) ?? userId}</span>
          <Select
            size="xs"
            w={190}
            aria-label={t("mail.box.role", { name: nameOf.get(userId) ?? "" })}
            data={roles}
            allowDeselect={false}
            value={role}
            onChange={(next) =>
              onChange(members.map((each) => (each.userId === userId ? { userId, role: next as MailboxRole } : each)))
            }
          />
          <Button
            size="compact-xs"
            aria-label={t("mail.box.member.remove", { name: nameOf.get(userId) ?? "" })}
            onClick={() => onChange(members.filter((each) => each.userId !== userId))}
          >
            {t("mail.box.remove")}
          </Button>
        </div>
      ))}
      <Select
        size="xs"
        label={t("mail.box.member.add")}
        placeholder={t("mail.box.member.who")}
        searchable
        nothingFoundMessage={t("app.nothing")}
        limit={50}
        data={people
          .filter(({ id, state }) => state === "active" && !had.has(id))
          .map(({ id, name }) => ({ value: id, label: name }))}
        value={null}
        searchValue={search}
        onSearchChange={setSearch}
        onChange={(userId) => {
          if (userId !== null) onChange([...members, { userId, role: "editor" }]);
          setSearch(""); // for the next one
        }}
      />
    </fieldset>
  );
}
