import type { Security } from "./imap.port.ts";

/** Where an account's servers are, and how it signs in. */
export interface AccountServers {
  readonly imap: ServerAddress;
  readonly smtp: ServerAddress;
}

export interface ServerAddress {
  readonly host: string;
  readonly port: number;
  readonly security: Security;
}

export interface Preset extends AccountServers {
  readonly key: string;
  readonly name: string;
  readonly domains: readonly string[];
  /** Their own servers take mail of other domains, too: found by where the domain's mail goes. */
  readonly mx?: readonly string[];
  /** `app`: passwords are made for one application each, in the account's settings; `none`: only OAuth. */
  readonly password: "account" | "app" | "none";
  readonly oauth?: "google" | "microsoft";
  /** What is sent through it is put into its sent folder by the provider itself. */
  readonly savesSent?: true;
  /** Where its owner makes an application's password or lets IMAP in. */
  readonly help?: string;
}

const tls = (host: string, port: number): ServerAddress => ({ host, port, security: "tls" });
const starttls = (host: string, port: number): ServerAddress => ({ host, port, security: "starttls" });

/**
 * Providers that most people in the West and in Russia have their mail at, as their own help pages say (November 2026). Domains of
 * their own that use these are found by MX.
 */
export const presets: readonly Preset[] = [
  {
    key: "gmail",
    name: "Gmail",
    domains: ["gmail.com", "googlemail.com"],
    mx: ["google.com", "googlemail.com"],
    imap: tls("imap.gmail.com", 993),
    smtp: tls("smtp.gmail.com", 465),
    password: "app",
    oauth: "google",
    savesSent: true,
    help: "https://myaccount.google.com/apppasswords",
  },
  {
    key: "outlook",
    name: "Outlook.com, Microsoft 365",
    domains: [
      "outlook.com",
      "hotmail.com",
      "live.com",
      "msn.com",
      "outlook.de",
      "outlook.fr",
      "hotmail.fr",
      "hotmail.de",
    ],
    mx: ["outlook.com", "protection.outlook.com"],
    imap: tls("outlook.office365.com", 993),
    smtp: starttls("smtp.office365.com", 587),
    password: "none",
    oauth: "microsoft",
    savesSent: true,
  },
  {
    key: "icloud",
    name: "iCloud",
    domains: ["icloud.com", "me.com", "mac.com"],
    mx: ["mail.icloud.com"],
    imap: tls("imap.mail.me.com", 993),
    smtp: starttls("smtp.mail.me.com", 587),
    password: "app",
    help: "https://account.apple.com/account/manage",
  },
  {
    key: "yahoo",
    name: "Yahoo, AOL",
    domains: ["yahoo.com", "yahoo.de", "yahoo.fr", "yahoo.co.uk", "ymail.com", "rocketmail.com", "aol.com"],
    mx: ["yahoodns.net"],
    imap: tls("imap.mail.yahoo.com", 993),
    smtp: tls("smtp.mail.yahoo.com", 465),
    password: "app",
    help: "https://login.yahoo.com/account/security",
  },
  {
    key: "yandex",
    name: "Яндекс Почта",
    domains: ["yandex.ru", "yandex.com", "yandex.by", "yandex.kz", "yandex.ua", "ya.ru", "narod.ru"],
    mx: ["mx.yandex.net", "mx.yandex.ru"],
    imap: tls("imap.yandex.ru", 993),
    smtp: tls("smtp.yandex.ru", 465),
    password: "app",
    help: "https://id.yandex.ru/security/app-passwords",
  },
  {
    key: "mailru",
    name: "Mail.ru",
    domains: ["mail.ru", "inbox.ru", "list.ru", "bk.ru", "internet.ru", "xmail.ru"],
    mx: ["mxs.mail.ru", "emx.mail.ru"],
    imap: tls("imap.mail.ru", 993),
    smtp: tls("smtp.mail.ru", 465),
    password: "app",
    help: "https://account.mail.ru/user/2-step-auth/passwords",
  },
  {
    key: "rambler",
    name: "Рамблер",
    domains: ["rambler.ru", "lenta.ru", "autorambler.ru", "myrambler.ru", "ro.ru", "rambler.ua"],
    imap: tls("imap.rambler.ru", 993),
    smtp: tls("smtp.rambler.ru", 465),
    password: "account",
    help: "https://help.rambler.ru/mail/mail-pochtovye-klienty",
  },
  {
    key: "fastmail",
    name: "Fastmail",
    domains: ["fastmail.com", "fastmail.fm"],
    mx: ["messagingengine.com"],
    imap: tls("imap.fastmail.com", 993),
    smtp: tls("smtp.fastmail.com", 465),
    password: "app",
    help: "https://app.fastmail.com/settings/security/apps",
  },
  {
    key: "gmx",
    name: "GMX",
    domains: ["gmx.net", "gmx.de", "gmx.at", "gmx.ch", "gmx.com"],
    mx: ["gmx.net", "gmx.com"],
    imap: tls("imap.gmx.net", 993),
    smtp: tls("mail.gmx.net", 465),
    password: "account",
    help: "https://hilfe.gmx.net/pop-imap/einschalten.html",
  },
  {
    key: "webde",
    name: "WEB.DE",
    domains: ["web.de", "email.de"],
    imap: tls("imap.web.de", 993),
    smtp: tls("smtp.web.de", 465),
    password: "account",
    help: "https://hilfe.web.de/pop-imap/einschalten.html",
  },
  {
    key: "tonline",
    name: "T-Online",
    domains: ["t-online.de", "magenta.de"],
    imap: tls("secureimap.t-online.de", 993),
    smtp: tls("securesmtp.t-online.de", 465),
    password: "app",
    help: "https://www.telekom.de/hilfe/apps-dienste/e-mail",
  },
  {
    key: "zoho",
    name: "Zoho Mail",
    domains: ["zoho.com", "zohomail.com"],
    mx: ["zoho.com"],
    imap: tls("imap.zoho.com", 993),
    smtp: tls("smtp.zoho.com", 465),
    password: "app",
    savesSent: true,
    help: "https://accounts.zoho.com/home#security/app_password",
  },
  {
    key: "zohoeu",
    name: "Zoho Mail (EU)",
    domains: ["zohomail.eu"],
    mx: ["zoho.eu"],
    imap: tls("imap.zoho.eu", 993),
    smtp: tls("smtp.zoho.eu", 465),
    password: "app",
    savesSent: true,
    help: "https://accounts.zoho.eu/home#security/app_password",
  },
  {
    key: "mailboxorg",
    name: "mailbox.org",
    domains: ["mailbox.org"],
    mx: ["mailbox.org"],
    imap: tls("imap.mailbox.org", 993),
    smtp: tls("smtp.mailbox.org", 465),
    password: "account",
  },
  {
    key: "posteo",
    name: "Posteo",
    domains: ["posteo.de", "posteo.net", "posteo.org"],
    imap: tls("posteo.de", 993),
    smtp: tls("posteo.de", 465),
    password: "account",
  },
  {
    key: "ionos",
    name: "IONOS",
    domains: [],
    mx: ["kundenserver.de", "ionos.com", "ionos.de"],
    imap: tls("imap.ionos.com", 993),
    smtp: tls("smtp.ionos.com", 465),
    password: "account",
  },
  {
    key: "ovh",
    name: "OVHcloud",
    domains: [],
    mx: ["mail.ovh.net", "ovh.net"],
    imap: tls("ssl0.ovh.net", 993),
    smtp: tls("ssl0.ovh.net", 465),
    password: "account",
  },
  {
    key: "timeweb",
    name: "Timeweb",
    domains: [],
    mx: ["timeweb.ru"],
    imap: tls("imap.timeweb.ru", 993),
    smtp: tls("smtp.timeweb.ru", 465),
    password: "account",
  },
  {
    key: "beget",
    name: "Beget",
    domains: [],
    mx: ["beget.com", "beget.ru"],
    imap: tls("imap.beget.com", 993),
    smtp: tls("smtp.beget.com", 465),
    password: "account",
  },
];

export const findPreset = (key: string | null): Preset | undefined => presets.find((preset) => preset.key === key);

export const presetOfDomain = (domain: string): Preset | undefined =>
  presets.find(({ domains }) => domains.includes(domain));

/** A host is theirs when it is one of these names or lies below it. */
export const presetOfMx = (hosts: readonly string[]): Preset | undefined =>
  presets.find(({ mx = [] }) =>
    hosts.some((host) => mx.some((name) => host.toLowerCase() === name || host.toLowerCase().endsWith(`.${name}`))),
  );
