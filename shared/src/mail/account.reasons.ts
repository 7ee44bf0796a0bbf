/**
 * Why an external account cannot be reached or used: stable keys, for which the interface has words. `AccountState.reason`
 * is one of them, and so is the answer of *test connection*.
 */
export const accountReasons = [
  /** No host has this name. */
  "dns",
  /** The host is there, and nothing answers at this port. */
  "refused",
  "unreachable",
  "timeout",
  /** It lies inside our own network, where accounts are not let. */
  "innerNetwork",
  /** Nobody vouches for the certificate, it is too old, or it is for another name. */
  "tls.certificate",
  /** The server offers no encryption, and none was not chosen. */
  "tls.missing",
  "tls.failed",
  /** Something answers there that speaks another language. */
  "protocol",
  /** Wrong name or password. */
  "auth",
  /** This provider takes a password made for one application only. */
  "auth.appPassword",
  /** The account does not let mail applications in; its owner switches that on at the provider. */
  "auth.imapDisabled",
  /** The leave given by OAuth has ended or was taken back. */
  "auth.expired",
  /** The server signs nobody in with a password: OAuth is needed. */
  "auth.method",
  /** Too many connections or requests; later. */
  "busy",
  "overQuota",
  /** It refused something else, in its own words. */
  "server",
  /** The connection ended in the middle. */
  "closed",
  /** The fault is here. */
  "internal",
] as const;
export type AccountReason = (typeof accountReasons)[number];
