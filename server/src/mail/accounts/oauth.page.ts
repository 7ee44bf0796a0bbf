import type { Response } from "express";
import type { AccountReason } from "@kontor/shared/mail";

type Outcome = { readonly words: string } | { readonly reason: AccountReason };

const TEXTS = {
  en: {
    title: "Signed in",
    say: "Type these letters in Kontor to finish:",
    close:
      "Then close this page. Type them only if you began this in Kontor yourself: whoever knows them gets your mail.",
    failed: "Signing in did not work",
    again: "Close this page and begin again in Kontor.",
  },
  ru: {
    title: "Вход выполнен",
    say: "Введите эти буквы в Kontor, чтобы завершить:",
    close:
      "Затем закройте эту страницу. Вводите их, только если вы сами начали это в Kontor: кто их знает, получит вашу почту.",
    failed: "Войти не удалось",
    again: "Закройте эту страницу и начните заново в Kontor.",
  },
} as const;

const STYLE = `body{font:16px/1.5 system-ui,sans-serif;max-width:30rem;margin:15vh auto;padding:0 1rem;color:#1a1b1e}
output{display:block;font:600 2.5rem/2 ui-monospace,monospace;letter-spacing:.3em}
@media(prefers-color-scheme:dark){body{background:#1a1b1e;color:#e9ecef}}`;

/** The page on which a sign-in at a provider ends: text and nothing else, kept by nobody. */
export function showReturn(response: Response, outcome: Outcome, locale: "en" | "ru"): void {
  const texts = TEXTS[locale];
  // Nothing in it comes from outside: the letters are ours, and a reason is one of our keys.
  const inner =
    "words" in outcome
      ? `<h1>${texts.title}</h1><p>${texts.say}</p><output>${outcome.words}</output><p>${texts.close}</p>`
      : `<h1>${texts.failed}</h1><p>${texts.again}</p><p><code>${outcome.reason}</code></p>`;
  response
    .set({
      "content-type": "text/html; charset=utf-8",
      "cache-control": "no-store",
      "referrer-policy": "no-referrer",
      "content-security-policy":
        "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'",
    })
    .end(
      `<!doctype html><html lang="${locale}"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Kontor</title><style>${STYLE}</style><body>${inner}`,
    );
}
