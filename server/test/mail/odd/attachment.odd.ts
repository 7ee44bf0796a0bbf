import { base64, message, odd, type OddMessage } from "./oddMessage.ts";

const named = (header: string, name: string): OddMessage =>
  odd(header.replaceAll("\n", " ").slice(0, 90), message(`${header}\n\nx`), { attachments: [{ name }] });
const file = (params: string, name: string): OddMessage =>
  named(`Content-Type: application/pdf\nContent-Disposition: attachment; ${params}`, name);

export const attachmentMessages: readonly OddMessage[] = [
  file("filename=a.pdf", "a.pdf"),
  file('filename="a b.pdf"', "a b.pdf"),
  file("filename=a b.pdf", "a b.pdf"),
  file('filename="a;b.pdf"', "a;b.pdf"),
  file('filename="a\\"b.pdf"', "a_b.pdf"),
  file('filename="a.pdf', "a.pdf"),
  file("FILENAME=a.pdf", "a.pdf"),
  file("filename = a.pdf", "a.pdf"),
  file("filename=a(1).pdf", "a(1).pdf"),
  file('filename="a.pdf" (comment)', "a.pdf"),
  file("filename=a.pdf; filename=b.exe", "a.pdf"),
  file("filename*0=a; filename*1=b.pdf", "ab.pdf"),
  file("filename*1=b.pdf; filename*0=a", "ab.pdf"),
  file("filename*0*=utf-8''%C3%A4; filename*1=b.pdf", "äb.pdf"),
  file("filename*=utf-8'en'%E2%82%AC.pdf", "€.pdf"),
  file("filename*=%41.pdf", "A.pdf"),
  file("filename=plain.pdf; filename*=utf-8''%C3%A4.pdf", "ä.pdf"),
  file("filename*0=a%2Fb.pdf", "a%2Fb.pdf"),
  file('filename="=?utf-8?Q?=C3=A4.pdf?="', "ä.pdf"),
  file('filename="=?utf-8?Q?=C3=A4?=\n =?utf-8?Q?.pdf?="', "ä.pdf"),
  file('filename="../../etc/passwd"', "passwd"),
  file('filename="C:\\\\Users\\\\anna\\\\a.pdf"', "a.pdf"),
  file("filename=/a/b/", "b"),
  file("filename=..", "attachment.pdf"),
  file("filename=.", "attachment.pdf"),
  file("filename=.htaccess", ".htaccess"),
  file('filename=""', "attachment.pdf"),
  file('filename="   "', "attachment.pdf"),
  file('filename="a.pdf. . "', "a.pdf"),
  file('filename="CON.pdf"', "_CON.pdf"),
  file('filename="nul"', "_nul"),
  file('filename="a<b>c:d|e?f*g.pdf"', "a_b_c_d_e_f_g.pdf"),
  file("filename*=utf-8''photo%E2%80%AEgpj.exe", "photogpj.exe"),
  file("filename*=utf-8''a%00b.pdf", "ab.pdf"),
  file("filename*=utf-8''a%0D%0Ab.pdf", "a b.pdf"),
  file(`filename="${"x".repeat(300)}.pdf"`, `${"x".repeat(251)}.pdf`),
  file(`filename*=utf-8''${"%D1%8F".repeat(200)}.pdf`, `${"я".repeat(125)}.pdf`),
  named("Content-Type: application/pdf; name=a.pdf", "a.pdf"),
  named("Content-Type: application/pdf; name=a.pdf\nContent-Disposition: attachment; filename=b.pdf", "b.pdf"),
  named("Content-Type: application/pdf", "attachment.pdf"),
  named("Content-Type: image/jpeg", "image.jpg"),
  named("Content-Type: application/x-unheard-of", "attachment.bin"),
  named("Content-Type: application/ms-tnef; name=winmail.dat", "winmail.dat"),
  named("Content-Type: text/csv", "attachment.csv"),
  named("Content-Type: text/vcard; name=anna.vcf", "anna.vcf"),
  odd(
    "three files of one name",
    message(
      "Content-Type: multipart/mixed; boundary=b\n\n",
      "--b\nContent-Type: application/pdf; name=a.pdf\n\nx\n".repeat(3),
      "--b--",
    ),
    { attachments: [{ name: "a.pdf" }, { name: "a (2).pdf" }, { name: "a (3).pdf" }] },
  ),
  odd(
    "names that differ in case only",
    message(
      "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: application/pdf; name=A.PDF\n\nx\n--b\nContent-Type: application/pdf; name=a.pdf\n\nx\n--b--",
    ),
    { attachments: [{ name: "A.PDF" }, { name: "a (2).pdf" }] },
  ),
  odd("a type that is none", message("Content-Type: foo\nContent-Disposition: attachment; filename=a.bin\n\nx"), {
    attachments: [{ name: "a.bin", mime: "text/plain" }],
  }),
  odd("a type of the time before MIME", message("Content-Type: text\n\nx"), { text: "x" }),
  odd("a type with white space in it", message("Content-Type: text / html\n\n<p>x</p>"), { html: "<p>x</p>" }),
  odd(
    "a Content-ID in brackets and without",
    message(
      "Content-Type: multipart/related; boundary=b\n\n--b\nContent-Type: text/html\n\n<img src=cid:a@b><img src=cid:c@d>\n--b\nContent-Type: image/png\nContent-ID: <a@b>\n\nx\n--b\nContent-Type: image/png\nContent-ID: c@d\n\ny\n--b--",
    ),
    {
      attachments: [
        { cid: "a@b", inline: true },
        { cid: "c@d", inline: true },
      ],
    },
  ),
  odd(
    "an attachment of HTML named as a picture",
    message(
      `Content-Type: image/png; name=x.png\nContent-Transfer-Encoding: base64\n\n${base64("<script>alert(1)</script>")}`,
    ),
    { html: undefined, text: "", attachments: [{ mime: "image/png", name: "x.png" }] },
  ),
];
