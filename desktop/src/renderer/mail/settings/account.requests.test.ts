import { expect, it } from "vitest";
import { emptyAccount, withSecurity } from "./account.requests.ts";

it("another way of encrypting brings its usual port, and leaves one that was written by hand", () => {
  expect(withSecurity(emptyAccount.imap, "imap", "starttls")).toMatchObject({ port: 143, security: "starttls" });
  expect(withSecurity(emptyAccount.smtp, "smtp", "starttls")).toMatchObject({ port: 587 });
  expect(withSecurity({ host: "x", port: 1143, security: "tls" }, "imap", "none")).toMatchObject({ port: 1143 });
});
