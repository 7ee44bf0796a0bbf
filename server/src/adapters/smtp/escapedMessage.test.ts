import fc from "fast-check";
import DataStream from "nodemailer/lib/smtp-connection/data-stream";
import { buffer } from "node:stream/consumers";
import { expect, it } from "vitest";
import { escaped } from "./escapedMessage.ts";

const pieces = fc.array(fc.constantFrom("\r", "\n", "\r\n", ".", "..", "a", "я", " "), { maxLength: 12 });

it("[TRN-6] says after 354 what nodemailer would say of the same message", async () => {
  await fc.assert(
    fc.asyncProperty(pieces, async (parts) => {
      // A lone CR is mended here and not there: what was signed is what must arrive.
      const message = parts.join("").replaceAll(/\r(?!\n)/g, "\r\n");
      const theirs = new DataStream();
      theirs.end(message);
      expect(escaped(Buffer.from(message)).toString()).toBe((await buffer(theirs)).toString());
    }),
    { numRuns: 500 },
  );
});

it("ends each line by CR LF, doubles a dot that begins one, and ends with a dot of its own", () => {
  expect(escaped(Buffer.from(".a\n.\rb.c\r\n..")).toString()).toBe("..a\r\n..\r\nb.c\r\n...\r\n.\r\n");
});
