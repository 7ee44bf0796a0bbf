import type { ReplicaRecord } from "#contract";
import type { PolicyWordsDoc } from "@kontor/shared/access";
import { useDirectory } from "../replica/index.ts";
import { useWords } from "../words/index.ts";
import { useAccess } from "./AccessProvider.tsx";
import { policyBehind, type AccessQuestion } from "./question.ts";

/** Why, and whom to ask, in one or two sentences: from what came with the record, so it is there without a network. */
export function useReason() {
  const { t, label } = useWords();
  const { contactName, policy } = useAccess();
  const { personName } = useDirectory();

  function because(words: Pick<PolicyWordsDoc, "title" | "effect"> | undefined, redacted = false): string {
    if (!words) return t("access.reason.none");
    const title = label(words.title);
    if (redacted && words.effect === "allow") return t("access.reason.masks", { title });
    return words.effect === "deny" ? t("access.reason.deny", { title }) : t("access.reason.named", { title });
  }

  function whom(record: ReplicaRecord | undefined, contact: string | undefined): string {
    const name = contact === undefined ? personName(record?.owner) : contactName(contact);
    return name === undefined ? t("access.ask.administrator") : t("access.ask", { whom: name });
  }

  return {
    because,
    /** For a tooltip: what is not possible, why, and whom to ask. */
    reasonFor(
      record: ReplicaRecord,
      question: Pick<AccessQuestion, "act" | "section" | "field">,
      short: string,
    ): string {
      const words = policy(policyBehind(record, question));
      return [short, because(words, isRedacted(record, question)), whom(record, words?.contact)].join(" ");
    },
  };
}

/** An allow shows it, and with dots: then it is not others to whom it is open. */
export const isRedacted = (
  record: Pick<ReplicaRecord, "redacted">,
  { act, field }: Pick<AccessQuestion, "act" | "field">,
): boolean => act === "read" && field !== undefined && (record.redacted?.includes(field) ?? false);
