/** Every limit on mail, beside the attack or accident that it stops. The desktop reads the same numbers to tell early. */
export const mailLimits = {
  /** What most of the world's servers take (Gmail 25 MB after base64, Exchange 36 MB); a mail bomb ends here. */
  maxMessageBytes: 50 * 1024 ** 2,
  /** RFC 5321 §4.5.3.1.8 asks for at least 100; a list of a whole company fits, a spam run does not. */
  maxRecipients: 500,
  /** RFC 5321 §4.5.3.1.3: local part 64, domain 255, with the at sign. */
  maxAddressChars: 320,
  /** RFC 5322 §2.1.1 bounds a line; a folded subject of this length still fits every list. */
  maxSubjectChars: 998,
  /** A draft as the editor makes it, pictures not counted: 300 pages of text. */
  maxDraftHtmlChars: 1_000_000,
  /** The same as it travels up: three bytes a character in most scripts, and the frame that carries it has four megabytes. */
  maxDraftBytes: 3_500_000,
  /** Plain text that replicas hold and search; a log file pasted into a mail is cut here, the raw message is whole. */
  maxTextChars: 262_144,
  /** Cleaned HTML that replicas hold; newsletters stay below 200 kB. What is longer is shown as text. */
  maxHtmlChars: 1_048_576,
  maxSnippetChars: 200,
  maxAttachments: 200,
  /** Above this an attachment leaves as an expiring link for people outside: larger ones bounce at most servers. */
  linkFromBytes: 20 * 1024 ** 2,
  /** How long a link to an attachment lasts: a holiday of whoever gets it. After that they ask once more. */
  linkDays: 14,
  /** Nesting of MIME parts; real mail stays below 10, a bomb has thousands. */
  maxMimeDepth: 50,
  maxMimeParts: 1_000,
  maxHeaderBytes: 512 * 1024,
  /** References of a long thread; the first and the last ones decide. */
  maxReferences: 200,
  maxFolderNameChars: 200,
  maxFolderDepth: 20,
  maxFoldersPerMailbox: 2_000,
  maxLabels: 30,
  maxLabelChars: 60,
  maxSignatureHtmlChars: 64_000,
  maxRules: 200,
  /** Undo send: off, or this many seconds. */
  undoSeconds: [0, 5, 15, 30, 60],
  /** Scheduling further ahead is a calendar's business. */
  maxScheduleDays: 366,
} as const;
