import type { Locale } from "@kontor/shared/base";
import type { MailNews } from "#contract";

/** What the system shows of new mail: one notice for all that came while nobody looked, and a number on the icon. */
export interface MailNotices {
  news(news: MailNews): void;
  /** Somebody looks at Kontor now, or nobody is signed in any more. */
  clear(): void;
}

export interface NoticeContent {
  readonly title: string;
  readonly body: string;
}

export interface MailNoticesDeps {
  locale(): Locale;
  isWanted(): boolean;
  /** Whether one of the windows has the focus: whoever looks at it sees what comes. */
  isLookedAt(): boolean;
  /** Shows a notice and returns what takes it back; `done` when it is gone, by a click or by itself. */
  show(content: NoticeContent, on: { click(): void; gone(): void }): () => void;
  setBadge(count: number): void;
  open(threadId: string): void;
}

const words = {
  en: { one: "{n} new message", other: "{n} new messages", noSubject: "(no subject)" },
  ru: { one: "{n} новое письмо", few: "{n} новых письма", many: "{n} новых писем", noSubject: "(без темы)" },
} as const;

export function createMailNotices(deps: MailNoticesDeps): MailNotices {
  let shown: { readonly count: number; takeBack(): void } | undefined;

  function clear(): void {
    const last = shown;
    shown = undefined;
    last?.takeBack();
  }

  function show({ count, newest }: NonNullable<MailNews["arrived"]>): void {
    const together = count + (shown?.count ?? 0);
    clear();
    const next = {
      count: together,
      takeBack: deps.show(contentOf(deps.locale(), together, newest), {
        click() {
          if (shown === next) shown = undefined;
          deps.open(newest.threadId);
        },
        gone() {
          if (shown === next) shown = undefined;
        },
      }),
    };
    shown = next;
  }

  return {
    news({ arrived, unread }) {
      deps.setBadge(unread);
      if (arrived && deps.isWanted() && !deps.isLookedAt()) show(arrived);
    },
    clear,
  };
}

function contentOf(
  locale: Locale,
  count: number,
  { sender, subject }: { readonly sender: string; readonly subject: string },
): NoticeContent {
  const say: Readonly<Record<string, string>> = words[locale];
  const shownSubject = subject.trim() === "" ? (say["noSubject"] ?? "") : subject;
  if (count === 1) return { title: sender, body: shownSubject };
  const form = say[new Intl.PluralRules(locale).select(count)] ?? say["other"] ?? "";
  return { title: form.replace("{n}", String(count)), body: `${sender}: ${shownSubject}` };
}
