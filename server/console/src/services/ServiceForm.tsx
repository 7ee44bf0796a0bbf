import { Button, MultiSelect, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { call, type Structure } from "../api/api.ts";
import { AttributeFields } from "../people/AttributeFields.tsx";
import { emptyToNull } from "../ui/emptyToNull.ts";
import { FormDrawer } from "../ui/FormDrawer.tsx";
import { useAct } from "../ui/useAct.ts";
import { useWords } from "../words/words.ts";
import type { AttributeValues, Service } from "./services.api.ts";
import { ServiceTokens } from "./ServiceTokens.tsx";

interface Props {
  readonly service: Service | undefined;
  readonly groups: Structure["groups"];
  readonly onCreated: (id: string) => void;
  readonly onClose: () => void;
}

export function ServiceForm({ service, groups, onCreated, onClose }: Props) {
  const { t, named } = useWords();
  const form = useForm({
    initialValues: {
      name: service?.name ?? "",
      key: service?.key ?? "",
      contact: service?.contact ?? "",
      groupIds: [...(service?.groupIds ?? [])],
      attributes: { ...service?.attributes } as AttributeValues,
    },
  });

  async function save({ key, contact, ...values }: typeof form.values) {
    const body = { ...values, contact: emptyToNull(contact) };
    if (service) await call("PATCH", `/admin/services/${service.id}`, body);
    else onCreated((await call<{ id: string }>("POST", "/admin/services", { ...body, key })).id);
  }

  return (
    <FormDrawer
      title={service ? t("services.edit", { name: service.name }) : t("services.add")}
      form={form}
      save={save}
      onClose={onClose}
      stays={service !== undefined}
      actions={service && <StateButton service={service} />}
      below={service && <ServiceTokens service={service} />}
    >
      <TextInput label={t("services.name")} required maxLength={200} data-autofocus {...form.getInputProps("name")} />
      <TextInput
        label={t("services.key")}
        description={t("services.key.hint", { key: form.values.key || "erp" })}
        required
        maxLength={63}
        autoComplete="off"
        disabled={service !== undefined}
        {...form.getInputProps("key")}
      />
      <TextInput label={t("services.contact")} maxLength={200} {...form.getInputProps("contact")} />
      <MultiSelect
        label={t("services.groups")}
        data={groups.map((group) => ({ value: group.id, label: named(group) }))}
        searchable
        {...form.getInputProps("groupIds")}
      />
      <AttributeFields
        values={form.values.attributes}
        onChange={(name, value) => form.setFieldValue("attributes", { ...form.values.attributes, [name]: value })}
        errors={form.errors}
      />
    </FormDrawer>
  );
}

function StateButton({ service: { id, name, state } }: { readonly service: Service }) {
  const { t } = useWords();
  const { act, confirm } = useAct();
  const set = (next: Service["state"]) => async () => {
    await call("PATCH", `/admin/services/${id}`, { state: next });
    return t("people.saved");
  };
  if (state === "disabled") return <Button onClick={() => void act(set("active"))}>{t("services.enable")}</Button>;
  return (
    <Button
      color="red"
      onClick={() =>
        confirm({ title: t("services.disable"), words: t("services.disable.ask", { name }), run: set("disabled") })
      }
    >
      {t("services.disable")}
    </Button>
  );
}
