/**
 * Every limit on files, beside the attack or accident it stops. The server enforces them; the desktop reads the same
 * numbers to tell the user before a long upload instead of after it.
 */
export const fileLimits = {
  /** A disk filled by one upload. 4 GiB is a long video; the server's configuration may set another. */
  maxBytes: 4 * 1024 ** 3,

  /** Names that break file systems: 255 bytes is the limit of ext4, NTFS and APFS; characters here, checked in bytes. */
  maxNameBytes: 255,

  /** A member of staff (or a stolen token) who opens uploads without end: unfinished ones per user. */
  maxOpenUploadsPerUser: 200,

  /** Unfinished parts nobody comes back for. A laptop may be away for a holiday of two weeks. */
  unfinishedUploadMs: 15 * 24 * 3600 * 1000,

  /** A signed URL that leaks into a log or a history: long enough to open a viewer and page through it. */
  signedUrlMs: 5 * 60 * 1000,
} as const;

/** Limits on what a converter is fed and may use: each input is taken for hostile. */
export const previewLimits = {
  /** A 300 MB text document keeps a converter busy for many minutes; real office documents stay below 50 MB. */
  maxOfficeBytes: 100 * 1024 ** 2,
  maxPdfBytes: 500 * 1024 ** 2,
  maxImageBytes: 200 * 1024 ** 2,

  /** Zip bomb: all that an archive unpacks to. A large presentation with photos is about 300 MB. */
  maxUnpackedBytes: 1024 ** 3,
  /** Zip bomb: one entry that grows more than this. XML of an empty sheet compresses 1:200 at the very most seen. */
  maxRatio: 1000,
  /** Below this size a high ratio is harmless (a sheet with a million equal cells is legitimate). */
  ratioFromBytes: 64 * 1024 ** 2,
  /** Zip bomb by number of entries; the largest presentation seen has 3,000. */
  maxEntries: 20_000,

  /** Picture bomb (a few kB that decode to gigabytes): 100 megapixels is above every camera and most scanners. */
  maxPixels: 100_000_000,

  /** Documents of absurd length (a sheet printed cell by cell): no PDF is kept beyond this. */
  maxPages: 5_000,
  /** Page images made ahead; the PDF has all the pages. */
  maxPageImages: 60,

  /** Sized for a card and a viewer on a laptop's screen, in pixels. */
  pageWidthPx: 1100,
  thumbnailPx: 264,

  /** A converter that hangs. LibreOffice takes 2 s for a usual document, half a minute for a huge sheet. */
  convertMs: 120_000,
  /** A converter that eats the machine: private memory of one process. */
  memoryBytes: 1536 * 1024 ** 2,
  /** A converter that fills the disk: one output file. */
  outputBytes: 512 * 1024 ** 2,
} as const;
