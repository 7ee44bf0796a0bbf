/** Mail as people and programs send it, made anew for each run from a seed: short texts, answers with quotes, HTML of two programs, newsletters. */

export interface MailSample {
  readonly raw: Buffer;
  /** The HTML in it, for those who clean it. */
  readonly html: string | undefined;
}

const WORDS =
  "the report for last month is ready please have a look before our meeting on monday we should talk about prices delivery contract and the new customer in Budapest отчёт за прошлый месяц готов посмотрите пожалуйста до встречи в понедельник договор цены поставка новый клиент".split(
    " ",
  );

export function mailSamples(count: number, random: () => number): readonly MailSample[] {
  const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)] as T;
  const words = (length: number): string => Array.from({ length }, () => pick(WORDS)).join(" ");
  const paragraphs = (length: number): readonly string[] =>
    Array.from({ length }, () => `${words(20 + Math.floor(random() * 60))}.`);

  const text = (): string => {
    const own = paragraphs(3).join("\n\n");
    const quoted = paragraphs(6)
      .map((each) => `> ${each}`)
      .join("\n>\n");
    return `${own}\n\nOn Monday, Anna wrote:\n${quoted}\n\n-- \nAnna Kovacs\n+36 1 555 0100\n`;
  };

  const letter = (): string =>
    `<html><head><meta charset="utf-8"><style>p.MsoNormal,li.MsoNormal{margin:0cm;font-size:11.0pt;font-family:"Calibri",sans-serif}a:link{color:#0563C1;text-decoration:underline}</style></head><body lang="EN-US" link="#0563C1"><div class="WordSection1">${paragraphs(
      12,
    )
      .map(
        (each) =>
          `<p class="MsoNormal"><span style="font-size:11.0pt;font-family:&quot;Calibri&quot;,sans-serif;color:#1F497D">${each}<o:p></o:p></span></p>`,
      )
      .join(
        "\n",
      )}<p class="MsoNormal"><img width="120" height="40" src="cid:logo@example.com" alt="Logo"></p></div></body></html>`;

  const newsletter = (): string => {
    const rows = Array.from({ length: 60 }, (_, index) => {
      const link = `https://news.example.com/click?campaign=${index}&amp;user=${Math.floor(random() * 1e9)}`;
      return `<tr><td align="left" valign="top" class="mobile" style="padding:10px 20px;font-family:Arial,Helvetica,sans-serif;font-size:14px;line-height:20px;color:#333333"><a href="${link}" style="color:#0066cc;text-decoration:none"><img src="https://img.example.com/${index}.png" width="180" height="90" alt="Offer ${index}" style="display:block;border:0"></a><p style="margin:0 0 10px"><b>${words(5)}</b> &mdash; ${words(30)}&nbsp;<span style="color:#cc0000;font-weight:bold">${Math.floor(random() * 900)},99&nbsp;&euro;</span></p></td></tr>`;
    });
    return `<!doctype html><html><head><title>News</title><style type="text/css">body{margin:0;padding:0}img{border:0}@media only screen and (max-width:600px){.mobile{width:100%!important;display:block!important}}${".c{color:#333;font-size:14px;line-height:20px}".repeat(30)}</style></head><body bgcolor="#f4f4f4"><div style="display:none;font-size:1px;color:#fff">${words(12)}</div><table width="600" cellpadding="0" cellspacing="0" border="0" align="center" style="background-color:#ffffff"><tbody>${rows.join("\n")}</tbody></table><img src="https://track.example.com/open.gif" width="1" height="1"></body></html>`;
  };

  const head = (index: number): string =>
    `Received: from mx.example.com (mx.example.com [192.0.2.1])\r\n\tby in.example.org with ESMTPS id ${index}\r\n\tfor <bert@example.org>; Mon, 05 Jan 2026 10:00:00 +0000\r\nFrom: =?utf-8?B?${Buffer.from("Анна Ковач").toString("base64")}?= <anna@example.com>\r\nTo: Bert <bert@example.org>, carl@example.org\r\nSubject: =?utf-8?Q?Re:_Gr=C3=BC=C3=9Fe?= ${words(4)}\r\nMessage-ID: <${index}@example.com>\r\nReferences: <${index - 1}@example.com> <${index - 2}@example.com>\r\nDate: Mon, 05 Jan 2026 10:00:00 +0000\r\nMIME-Version: 1.0\r\n`;

  const part = (type: string, content: string, more = ""): string =>
    `Content-Type: ${type}\r\n${more}Content-Transfer-Encoding: base64\r\n\r\n${Buffer.from(content).toString("base64").replaceAll(/.{76}/g, "$&\r\n")}\r\n`;

  const multipart = (kind: string, boundary: string, parts: readonly string[]): string =>
    `Content-Type: multipart/${kind}; boundary="${boundary}"\r\n\r\n${parts.map((each) => `--${boundary}\r\n${each}`).join("")}--${boundary}--\r\n`;

  return Array.from({ length: count }, (_, index) => {
    const kind = index % 10;
    const start = head(index);
    if (kind < 4) return { raw: Buffer.from(`${start}${part("text/plain; charset=utf-8", text())}`), html: undefined };
    const html = kind < 8 ? letter() : newsletter();
    const both = multipart("alternative", "alt", [
      part("text/plain; charset=utf-8", text()),
      part("text/html; charset=utf-8", html),
    ]);
    if (kind !== 7) return { raw: Buffer.from(start + both), html };
    const file = part(
      'application/pdf; name="report.pdf"',
      "x".repeat(200_000),
      'Content-Disposition: attachment; filename="report.pdf"\r\n',
    );
    return { raw: Buffer.from(start + multipart("mixed", "mix", [both, file])), html };
  });
}
