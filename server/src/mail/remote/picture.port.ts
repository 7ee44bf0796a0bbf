/** Fetches a picture that a message shows from elsewhere, so that its sender does not learn who reads it, from where and when. */
export interface PictureFetcher {
  /**
   * Throws `notFound` for what is no picture or is not there, `tooLarge`, `unavailable` for a server that does not answer, and
   * `forbidden` for an address that is nobody's business outside (a private network, this machine).
   */
  fetchPicture(address: string, signal: AbortSignal): Promise<Picture>;
}

export interface Picture {
  /** One of `pictureMimes`, by its first bytes and not by what its server says. */
  readonly mime: string;
  readonly bytes: Uint8Array;
}

/** What a page shows by itself and that holds no program; SVG does. */
export const pictureMimes: readonly string[] = ["image/png", "image/jpeg", "image/gif", "image/webp", "image/avif"];

export const pictureLimits = {
  /** A photograph of a newsletter has some 500 kB. */
  maxBytes: 5 * 1024 ** 2,
  /** A server that keeps the connection and sends nothing. */
  timeoutMs: 10_000,
  /** Trackers hand on a few times; a loop does for ever. */
  maxRedirects: 4,
  maxAddressChars: 2_000,
} as const;
