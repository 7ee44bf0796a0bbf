import { Button, MultiSelect, PasswordInput, Select, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { call, type Person, type Structure } from "../api/api.ts";
import { emptyToNull } from "../ui/emptyToNull.ts";
import { FormDrawer } from "../ui/FormDrawer.tsx";
import { useAct } from "../ui/useAct.ts";
import { useWords } from "../words/words.ts";
import type { AttributeValues } from "../services/services.api.ts";
import { AttributeFields } from "./AttributeFields.tsx";
import { departmentOptions } from "./departmentTree.ts";

interface Props {
  readonly person: Person | undefined;
  readonly structure: Structure;
  readonly people: readonly Person[];
  readonly onClose: () => void;
}

export function PersonForm({ person, structure, people, onClose }: Props) {
  const { t, named, locale } = useWords();
  const form = useForm({
    initialValues: {
      name: person?.name ?? "",
      login: person?.login ?? "",
      email: person?.email ?? "",
      phone: person?.phone ?? "",
      locale: person?.locale ?? locale,
      departmentId: person?.departmentId ?? null,
      positionId: person?.positionId ?? null,
      managerId: person?.managerId ?? null,
      groupIds: [...(person?.groupIds ?? [])],
      attributes: { ...person?.attributes } as AttributeValues,
      password: "",
    },
  });

  async function save({ password, ...values }: typeof form.values) {
    const body = {
      ...values,
      email: emptyToNull(values.email),
      phone: emptyToNull(values.phone),
      ...(password === "" ? {} : { password }),
    };
    await (person ? call("PATCH", `/admin/people/${person.id}`, body) : call("POST", "/admin/people", body));
  }

  return (
    <FormDrawer
      title={person ? t("people.edit", { name: person.name }) : t("people.add")}
      form={form}
      save={save}
      onSaved={onClose}
      onClose={onClose}
      below={person && <PersonActs person={person} onClose={onClose} />}
    >
      <TextInput label={t("people.name")} required maxLength={200} data-autofocus {...form.getInputProps("name")} />
      <TextInput
        label={t("people.login")}
        required
        maxLength={200}
        autoComplete="off"
        {...form.getInputProps("login")}
      />
      <TextInput label={t("people.email")} type="email" maxLength={254} {...form.getInputProps("email")} />
      <TextInput label={t("people.phone")} maxLength={60} {...form.getInputProps("phone")} />
      <Select
        label={t("people.department")}
        data={departmentOptions(structure.departments, locale)}
        searchable
        clearable
        {...form.getInputProps("departmentId")}
      />
      <Select
        label={t("people.position")}
        data={structure.positions.map((position) => ({ value: position.id, label: named(position) }))}
        searchable
        clearable
        {...form.getInputProps("positionId")}
      />
      <Select
        label={t("people.manager")}
        data={people
          .filter((other) => other.id !== person?.id)
          .map((other) => ({ value: other.id, label: other.name }))}
        searchable
        clearable
        {...form.getInputProps("managerId")}
      />
      <MultiSelect
        label={t("people.groups")}
        data={structure.groups.map((group) => ({ value: group.id, label: named(group) }))}
        searchable
        {...form.getInputProps("groupIds")}
      />
      <Select
        label={t("people.locale")}
        data={[
          { value: "en", label: "English" },
          { value: "ru", label: "Русский" },
        ]}
        allowDeselect={false}
        {...form.getInputProps("locale")}
      />
      <AttributeFields
        values={form.values.attributes}
        onChange={(name, value) => form.setFieldValue("attributes", { ...form.values.attributes, [name]: value })}
        errors={form.errors}
      />
      <PasswordInput
        label={t("people.password")}
        description={person && !person.hasPassword ? t("people.password.none") : t("people.password.hint")}
        autoComplete="new-password"
        {...form.getInputProps("password")}
      />
    </FormDrawer>
  );
}

/** What ends or gives back somebody's way in. */
function PersonActs({ person, onClose }: { readonly person: Person; readonly onClose: () => void }) {
  const { t } = useWords();
  const { act, confirm } = useAct();
  return (
    <div style={{ display: "flex", gap: 8, marginTop: 16, paddingTop: 16, borderTop: "1px solid var(--line)" }}>
      <Button
        onClick={() =>
          confirm({
            title: t("people.signOut"),
            words: t("people.signOut.ask", { name: person.name }),
            run: async () =>
              t("people.signedOut", {
                count: (await call<{ ended: number }>("POST", `/admin/people/${person.id}/sign-out`)).ended,
              }),
          })
        }
      >
        {t("people.signOut")}
      </Button>
      {person.state === "active" ? (
        <Button
          color="red"
          variant="outline"
          onClick={() =>
            confirm({
              title: t("people.disable"),
              words: t("people.disable.ask", { name: person.name }),
              async run() {
                await call("PATCH", `/admin/people/${person.id}`, { state: "disabled" });
                onClose();
                return t("people.saved");
              },
            })
          }
        >
          {t("people.disable")}
        </Button>
      ) : (
        <Button
          onClick={() =>
            void act(async () => {
              await call("PATCH", `/admin/people/${person.id}`, { state: "active" });
              onClose();
              return t("people.saved");
            })
          }
        >
          {t("people.enable")}
        </Button>
      )}
    </div>
  );
}
