import { useQuery } from "@tanstack/react-query";
import { call, type Person, type Structure } from "../../api/api.ts";
import type { AdminMailbox, MailGroup } from "../mail.api.ts";

const PAGE = 500;

/** All of a list that comes in pages. */
async function everyPage<Row>(read: (after: string) => Promise<{ rows: readonly Row[]; next?: string | undefined }>) {
  const rows: Row[] = [];
  for (let after: string | undefined = ""; after !== undefined;) {
    const page: { rows: readonly Row[]; next?: string | undefined } = await read(after);
    rows.push(...page.rows);
    after = page.next;
  }
  return rows;
}

/** Mailboxes, groups, and whom they may belong to. */
export function useMailOffice() {
  const mailboxes = useQuery({
    queryKey: ["mail-mailboxes"],
    queryFn: () =>
      everyPage(async (after) => {
        const page = await call<{ mailboxes: readonly AdminMailbox[]; next?: string }>(
          "GET",
          `/admin/mail/mailboxes?limit=${PAGE}${after && `&after=${after}`}`,
        );
        return { rows: page.mailboxes, next: page.next };
      }),
  });
  const groups = useQuery({
    queryKey: ["mail-groups"],
    queryFn: async () => (await call<{ groups: readonly MailGroup[] }>("GET", "/admin/mail/groups")).groups,
  });
  const people = useQuery({
    queryKey: ["people-all"],
    queryFn: () =>
      everyPage(async (after) => {
        const page = await call<{ people: readonly Person[]; next?: string }>(
          "GET",
          `/admin/people?limit=${PAGE}${after && `&after=${encodeURIComponent(after)}`}`,
        );
        return { rows: page.people, next: page.next };
      }),
  });
  const structure = useQuery({ queryKey: ["structure"], queryFn: () => call<Structure>("GET", "/admin/structure") });
  return { mailboxes, groups, people, structure };
}
