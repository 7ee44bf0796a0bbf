import { beforeEach, expect, it } from "vitest";
import type { Locale } from "@kontor/shared/base";
import { createMailNotices, type MailNotices, type NoticeContent } from "./mail.notices.ts";

let screen: { content: NoticeContent; click(): void; gone(): void }[];
let badge: number;
let opened: string[];
let locale: Locale;
let wanted: boolean;
let lookedAt: boolean;
let notices: MailNotices;
beforeEach(() => {
  [screen, badge, opened, locale, wanted, lookedAt] = [[], -1, [], "en", true, false];
  notices = createMailNotices({
    locale: () => locale,
    isWanted: () => wanted,
    isLookedAt: () => lookedAt,
    show(content, { click, gone }) {
      const notice = { content, click, gone };
      screen.push(notice);
      return () => void (screen = screen.filter((each) => each !== notice));
    },
    setBadge: (count) => (badge = count),
    open: (threadId) => void opened.push(threadId),
  });
});

const arrive = (count: number, subject = "Offer", unread = count) =>
  notices.news({ unread, arrived: { count, newest: { threadId: `of ${subject}`, sender: "Ann", subject } } });
const contents = () => screen.map(({ content }) => content);

it("shows who wrote and about what, and opens it", () => {
  arrive(1);
  expect(contents()).toEqual([{ title: "Ann", body: "Offer" }]);
  screen[0]?.click();
  expect(opened).toEqual(["of Offer"]);
});

it("shows one notice for all that came since somebody looked, in either language", () => {
  arrive(1, "First");
  arrive(2, "Third");
  expect(contents()).toEqual([{ title: "3 new messages", body: "Ann: Third" }]);
  locale = "ru";
  arrive(2, " ");
  expect(contents()).toEqual([{ title: "5 новых писем", body: "Ann: (без темы)" }]);
  notices.clear();
  expect(contents()).toEqual([]);
  arrive(2, "Next");
  expect(contents()).toEqual([{ title: "2 новых письма", body: "Ann: Next" }]);
});

it("begins to count anew when its notice is gone", () => {
  arrive(1);
  screen.shift()?.gone();
  arrive(1, "Second");
  expect(contents()).toEqual([{ title: "Ann", body: "Second" }]);
});

it("shows none to whoever looks at Kontor or wants none; the icon counts all the same", () => {
  lookedAt = true;
  arrive(1, "Seen", 4);
  [lookedAt, wanted] = [false, false];
  arrive(1, "Unwanted", 5);
  expect(contents()).toEqual([]);
  expect(badge).toBe(5);
});
