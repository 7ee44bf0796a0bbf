import { notifications } from "@mantine/notifications";
import type { ContactDoc } from "@kontor/shared/mail";
import { useReplica } from "../../replica/index.ts";
import { complain } from "../../ui/index.ts";
import { useWords } from "../../words/index.ts";

const MAX_CHARS = 8_000_000; // what the server reads at once: 10,000 cards with a note each

/** Contacts from and to other programs, as vCards; the server reads and writes them, so it must be reached. */
export function useExchange() {
  const { call } = useReplica();
  const { t, reason } = useWords();

  async function read(file: File, kind: ContactDoc["kind"]): Promise<void> {
    const vcards = await file.text();
    if (vcards.length > MAX_CHARS) return complain(t("contacts.import.tooLarge"));
    const answer = await call("mail.request", {
      method: "POST",
      path: "/api/mail/contacts/import",
      body: { kind, vcards },
    });
    if (!answer.ok) return complain(reason(answer.reason, answer.message));
    const { imported = 0, known = 0, skipped = 0 } = answer.body as Partial<Record<string, number>>;
    if (imported + known + skipped === 0) return complain(t("contacts.import.none", { name: file.name }));
    notifications.show({
      title: t("contacts.imported", { count: imported }),
      message: [
        known > 0 ? t("contacts.imported.known", { count: known }) : "",
        skipped > 0 ? t("contacts.imported.skipped", { count: skipped }) : "",
      ]
        .filter(Boolean)
        .join(" "),
    });
  }

  return {
    importFile(kind: ContactDoc["kind"]): void {
      const input = document.createElement("input");
      input.type = "file";
      input.accept = ".vcf,text/vcard";
      input.addEventListener("change", () => {
        const [file] = input.files ?? [];
        if (file) void read(file, kind);
      });
      input.click();
    },
    async exportFile(): Promise<void> {
      const answer = await call("mail.request", { method: "GET", path: "/api/mail/contacts/export?version=4.0" });
      if (!answer.ok) return complain(reason(answer.reason, answer.message));
      if (typeof answer.body !== "string") return;
      const bytes = new TextEncoder().encode(answer.body);
      const { saved } = await window.kontor.saveBytesAs({ name: "contacts.vcf", bytes });
      if (saved) notifications.show({ message: t("contacts.exported") });
    },
  };
}
