import { describe, expect, it } from "vitest";
import { parseBounce } from "./parseBounce.ts";

const bounce = (raw: string) => parseBounce(Buffer.from(raw.replaceAll("\n", "\r\n")));

const report = (
  status: string,
  returned = "Content-Type: message/rfc822\n\nMessage-ID: <original@example.com>\nSubject: x\n\ny",
) => `From: MAILER-DAEMON@relay.example
Subject: Undelivered Mail Returned to Sender
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b

I'm sorry to have to inform you that your message could not be delivered.
--b
Content-Type: message/delivery-status

${status}
--b
${returned}
--b--
`;

describe("reports after RFC 3464", () => {
  it("name the message, the recipient and why", () => {
    expect(
      bounce(
        report(`Reporting-MTA: dns; relay.example
Original-Envelope-Id: k+2B1
Arrival-Date: Mon, 5 Jan 2026 10:00:00 +0000

Original-Recipient: rfc822;bert@example.com
Final-Recipient: rfc822; b.other@elsewhere.example
Action: failed
Status: 5.1.1
Remote-MTA: dns; mx.elsewhere.example
Diagnostic-Code: smtp; 550 5.1.1 <b.other@elsewhere.example>:
    Recipient address rejected`),
      ),
    ).toEqual({
      envelopeId: "k+1",
      originalMessageId: "original@example.com",
      recipients: [
        {
          address: "bert@example.com",
          action: "failed",
          status: "5.1.1",
          diagnostic: "550 5.1.1 <b.other@elsewhere.example>: Recipient address rejected",
        },
      ],
    });
  });

  it("several recipients, each with an end of its own", () => {
    const found = bounce(
      report(`Reporting-MTA: dns; relay.example

Final-Recipient: rfc822; a@example.com
Action: delayed
Status: 4.4.1

Final-Recipient: rfc822; <b@example.com>
Action: relayed (to somewhere)
Status: 2.0.0

Final-Recipient: c@example.com
Status: 5.7.1

Final-Recipient: utf-8; анна@пример.рф
Action: DELIVERED
Status: 2.1.5`),
    );
    expect(found?.recipients.map(({ address, action }) => [address, action])).toEqual([
      ["a@example.com", "delayed"],
      ["b@example.com", "relayed"],
      ["c@example.com", "failed"],
      ["анна@пример.рф", "delivered"],
    ]);
  });

  it("only the headers were returned, or nothing", () => {
    const status = "Final-Recipient: rfc822; a@example.com\nAction: failed\nStatus: 5.0.0";
    expect(
      bounce(report(status, "Content-Type: text/rfc822-headers\n\nSubject: x\nMessage-ID:\n <original@example.com>\n"))
        ?.originalMessageId,
    ).toBe("original@example.com");
    expect(bounce(report(status, "Content-Type: text/plain\n\n"))?.originalMessageId).toBeUndefined();
  });

  it("the report is the whole message, and in base64", () => {
    const status = Buffer.from(
      "Reporting-MTA: dns; x\r\n\r\nFinal-Recipient: rfc822; a@example.com\r\nAction: failed\r\nStatus: 5.2.2\r\n",
    ).toString("base64");
    expect(
      bounce(`Content-Type: message/delivery-status\nContent-Transfer-Encoding: base64\n\n${status}`)?.recipients,
    ).toMatchObject([{ address: "a@example.com", status: "5.2.2" }]);
  });

  it("a report of nobody is none", () => {
    expect(bounce(report("Reporting-MTA: dns; relay.example"))).toBeUndefined();
    expect(bounce(report("Final-Recipient: rfc822; not an address\nAction: failed"))).toBeUndefined();
  });
});

describe("letters of servers that know no report", () => {
  it("qmail", () => {
    expect(
      bounce(`From: MAILER-DAEMON@relay.example
Subject: failure notice

Hi. This is the qmail-send program at relay.example.
I'm afraid I wasn't able to deliver your message to the following addresses.

<bert@example.com>:
192.0.2.1 does not like recipient.
Remote host said: 550 5.1.1 No such user

--- Below this line is a copy of the message.

Return-Path: <anna@example.com>
Message-ID: <original@example.com>
To: other@example.com
`),
    ).toEqual({
      envelopeId: undefined,
      originalMessageId: "original@example.com",
      recipients: [
        {
          address: "bert@example.com",
          action: "failed",
          status: "5.1.1",
          diagnostic: "192.0.2.1 does not like recipient. Remote host said: 550 5.1.1 No such user",
        },
      ],
    });
  });

  it("Exim", () => {
    const found = bounce(`From: Mail Delivery System <Mailer-Daemon@relay.example>
X-Failed-Recipients: bert@example.com,
  carl@example.com
Subject: Mail delivery failed: returning message to sender

This message was created automatically by mail delivery software.

  bert@example.com
    all relevant MX records point to non-existent hosts

------ This is a copy of the message, including all the headers. ------

Message-ID: <original@example.com>
`);
    expect(found?.recipients.map(({ address }) => address)).toEqual(["bert@example.com", "carl@example.com"]);
    expect(found?.originalMessageId).toBe("original@example.com");
  });

  it("a warning that it takes longer is no failure", () => {
    const found = bounce(`From: Mail Delivery Subsystem <mailer-daemon@relay.example>
Subject: Warning: could not send message for past 4 hours (delayed)

    **  THIS IS A WARNING MESSAGE ONLY  **
The message has been delayed:

<bert@example.com>
`);
    expect(found?.recipients).toMatchObject([{ address: "bert@example.com", action: "delayed" }]);
  });

  it.each([
    [
      "a person who writes of a failure",
      "From: anna@example.com\nSubject: Undelivered parcel\n\n<bert@example.com>: sorry",
    ],
    ["a vacation note", "From: postmaster@example.com\nSubject: I am away\n\n<bert@example.com>: back on Monday"],
    ["a message", "From: anna@example.com\nSubject: Hi\n\nHi"],
    ["no message", "nothing"],
  ])("%s is none", (_what, raw) => {
    expect(bounce(raw)).toBeUndefined();
  });
});
