import { Button, Drawer, MultiSelect, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useState } from "react";
import { call, Problem, type Structure } from "../api/api.ts";
import { AttributeFields } from "../people/AttributeFields.tsx";
import { ProblemAlert } from "../ui/Loaded.tsx";
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

const emptyToNull = (text: string): string | null => (text.trim() === "" ? null : text.trim());

export function ServiceForm({ service, groups, onCreated, onClose }: Props) {
  const { t, named, reason } = useWords();
  const { act, confirm } = useAct();
  const [error, setError] = useState<Error>();
  const [busy, setBusy] = useState(false);
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
    setBusy(true);
    setError(undefined);
    const body = { ...values, contact: emptyToNull(contact) };
    try {
      if (service) await call("PATCH", `/admin/services/${service.id}`, body);
      else onCreated((await call<{ id: string }>("POST", "/admin/services", { ...body, key })).id);
      await act(async () => t("people.saved"));
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
      title={service ? t("services.edit", { name: service.name }) : t("services.add")}
      closeButtonProps={{ "aria-label": t("app.close") }}
    >
      <form onSubmit={form.onSubmit(save)} style={{ display: "grid", gap: 10 }}>
        {error && <ProblemAlert error={error} />}
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
        <div style={{ display: "flex", gap: 8, marginTop: 8 }}>
          <Button type="submit" variant="filled" loading={busy}>
            {t("app.save")}
          </Button>
          <Button onClick={onClose}>{service ? t("app.close") : t("app.cancel")}</Button>
          <span className="grow" />
          {service?.state === "active" && (
            <Button
              color="red"
              onClick={() =>
                confirm({
                  title: t("services.disable"),
                  words: t("services.disable.ask", { name: service.name }),
                  run: async () => {
                    await call("PATCH", `/admin/services/${service.id}`, { state: "disabled" });
                    return t("people.saved");
                  },
                })
              }
            >
              {t("services.disable")}
            </Button>
          )}
          {service?.state === "disabled" && (
            <Button
              onClick={() =>
                void act(async () => {
                  await call("PATCH", `/admin/services/${service.id}`, { state: "active" });
                  return t("people.saved");
                })
              }
            >
              {t("services.enable")}
            </Button>
          )}
        </div>
      </form>
      {service && <ServiceTokens service={service} />}
    </Drawer>
  );
}
