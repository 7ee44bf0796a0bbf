import { Checkbox, Select, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { mailEventNames } from "@kontor/shared/mail";
import { call } from "../../api/api.ts";
import type { Service } from "../../services/services.api.ts";
import { FormDrawer } from "../../ui/FormDrawer.tsx";
import { useWords } from "../../words/words.ts";
import type { AdminMailbox } from "../mail.api.ts";

interface Props {
  readonly mailboxes: readonly AdminMailbox[];
  readonly services: readonly Service[];
  readonly onMade: (secret: string) => void;
  readonly onClose: () => void;
}

/** A program that is told of what happens in a mailbox, as far as its service may read there. */
export function WebhookForm({ mailboxes, services, onMade, onClose }: Props) {
  const { t } = useWords();
  const form = useForm({
    initialValues: {
      url: "",
      mailboxId: null as string | null,
      serviceId: null as string | null,
      events: ["mail.received"] as string[],
    },
  });

  async function save(values: typeof form.values) {
    onMade((await call<{ secret: string }>("POST", "/admin/mail/webhooks", values)).secret);
  }

  const { mailboxId, serviceId, events } = form.values;
  return (
    <FormDrawer
      title={t("mail.hooks.add")}
      form={form}
      save={save}
      isIncomplete={mailboxId === null || serviceId === null || events.length === 0}
      onSaved={onClose}
      onClose={onClose}
    >
      <TextInput
        label={t("mail.hooks.url")}
        description={t("mail.hooks.url.hint")}
        placeholder="https://example.com/hook"
        type="url"
        required
        maxLength={2_000}
        autoComplete="off"
        data-autofocus
        {...form.getInputProps("url")}
      />
      <Select
        label={t("mail.hooks.mailbox")}
        required
        searchable
        nothingFoundMessage={t("app.nothing")}
        limit={50}
        data={mailboxes.map(({ id, name, addresses }) => ({ value: id, label: `${name} · ${addresses[0] ?? ""}` }))}
        {...form.getInputProps("mailboxId")}
      />
      <Select
        label={t("mail.hooks.service")}
        description={t("mail.hooks.service.hint")}
        required
        searchable
        nothingFoundMessage={t("app.nothing")}
        data={services.filter(({ state }) => state === "active").map(({ id, name }) => ({ value: id, label: name }))}
        {...form.getInputProps("serviceId")}
      />
      <Checkbox.Group label={t("mail.hooks.events")} {...form.getInputProps("events")}>
        <div style={{ display: "grid", gap: 8, marginTop: 6 }}>
          {mailEventNames.map((name) => (
            <Checkbox key={name} value={name} label={t(`mail.hooks.event.${name}`)} />
          ))}
        </div>
      </Checkbox.Group>
    </FormDrawer>
  );
}
