import { useCallback } from "react";
import { parseAddresses } from "@kontor/shared/mail";
import { askMail } from "../mail.requests.ts";
import { checkLink } from "./mail.page.ts";

/** Where links of messages lead: to a new message, outside, or first to a question. */
export function useOpenLink(): (address: string, text: string) => void {
  return useCallback((address, text) => {
    if (/^mailto:/i.test(address)) return composeTo(address);
    if (!/^(?:https?|tel):/i.test(address)) return;
    const { claims } = checkLink(address, text);
    if (claims === undefined) void window.kontor.openLink(address);
    else askMail({ ask: "address", address, shown: claims });
  }, []);
}

function composeTo(address: string): void {
  const url = new URL(address);
  const { found } = parseAddresses(decodeURIComponent(url.pathname));
  const subject = url.searchParams.get("subject");
  askMail({ ask: "compose", to: found, ...(subject ? { subject } : {}) });
}
