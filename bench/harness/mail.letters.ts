/** Mail of an office, made anew from a seed: half of it short texts, most of the rest text and HTML, a tenth with a file. */
export function* letters(
  count: number,
  random: () => number,
): Generator<{ readonly raw: string; readonly seen: boolean }> {
  const pick = (): string => WORDS[Math.floor(random() * WORDS.length)] ?? "";
  const text = (chars: number): string => {
    let written = "";
    while (written.length < chars) written += random() < 0.08 ? `${pick()}.\r\n` : `${pick()} `;
    return written;
  };
  const alternative = (): string =>
    [
      "--alt",
      "Content-Type: text/plain; charset=utf-8",
      "",
      text(1_200),
      "--alt",
      "Content-Type: text/html; charset=utf-8",
      "Content-Transfer-Encoding: quoted-printable",
      "",
      `<html><body style=3D"font-family:Arial"><p>${text(2_500).replaceAll("\r\n", "</p>\r\n<p>")}</p></body></html>`,
      "--alt--",
      "",
    ].join("\r\n");
  const withFile = (index: number): string => {
    const body = Buffer.from(text(20_000)).toString("base64").replaceAll(/.{76}/g, "$&\r\n");
    return [
      "--mix",
      'Content-Type: multipart/alternative; boundary="alt"',
      "",
      alternative(),
      "--mix",
      `Content-Type: application/pdf; name="report ${index}.pdf"`,
      `Content-Disposition: attachment; filename="report ${index}.pdf"`,
      "Content-Transfer-Encoding: base64",
      "",
      body,
      "--mix--",
      "",
    ].join("\r\n");
  };

  for (let index = 0; index < count; index++) {
    const answers = index % 3 === 0 && index >= 3;
    const head = [
      `Received: from a.example (a.example [192.0.2.1]) by mx.example with ESMTPS id ${index}; Mon, 1 Jun 2026 10:00:00 +0000`,
      `From: Person ${index % 200} <p${index % 200}@example.org>`,
      "To: Anna <anna@example.com>",
      `Subject: ${text(30).replaceAll("\r\n", " ").trim()} ${index}`,
      `Message-ID: <m${index}@example.org>`,
      ...(answers ? [`In-Reply-To: <m${index - 3}@example.org>`, `References: <m${index - 3}@example.org>`] : []),
      `Date: ${new Date(1.7e12 + index * 60_000).toUTCString()}`,
      "MIME-Version: 1.0",
    ];
    const kind = index % 10;
    const rest =
      kind < 5
        ? ["Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: 8bit", "", text(1_500), ""]
        : kind < 9
          ? ['Content-Type: multipart/alternative; boundary="alt"', "", alternative()]
          : ['Content-Type: multipart/mixed; boundary="mix"', "", withFile(index)];
    yield { raw: [...head, ...rest].join("\r\n"), seen: index % 2 === 0 };
  }
}

const WORDS =
  "the report for last month is ready please have a look before our meeting on monday we should talk about prices delivery contract and the new customer отчёт за прошлый месяц готов посмотрите пожалуйста договор цены".split(
    " ",
  );
