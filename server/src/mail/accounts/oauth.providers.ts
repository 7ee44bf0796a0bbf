/** How OAuth 2 is spoken with a provider of mail; addresses and scopes as their documents say (November 2026). */
export interface OAuthProvider {
  readonly key: "google" | "microsoft";
  readonly authorizeUrl: string;
  readonly tokenUrl: string;
  readonly scopes: readonly string[];
  /** What this provider wants beside the standard, so that it gives a refresh token and asks which account. */
  readonly extra: Readonly<Record<string, string>>;
  readonly clientId: string;
  readonly clientSecret: string | undefined;
  /** Key of the preset whose servers the tokens are for. */
  readonly preset: "gmail" | "outlook";
}

export interface OAuthClient {
  readonly clientId: string;
  readonly clientSecret: string | undefined;
}

/** https://developers.google.com/workspace/gmail/imap/xoauth2-protocol */
export const googleOAuth = (client: OAuthClient): OAuthProvider => ({
  key: "google",
  authorizeUrl: "https://accounts.google.com/o/oauth2/v2/auth",
  tokenUrl: "https://oauth2.googleapis.com/token",
  scopes: ["https://mail.google.com/", "openid", "email"],
  extra: { access_type: "offline", prompt: "consent select_account" },
  preset: "gmail",
  ...client,
});

/** https://learn.microsoft.com/exchange/client-developer/legacy-protocols/how-to-authenticate-an-imap-pop-smtp-application-by-using-oauth */
export const microsoftOAuth = ({ tenant, ...client }: OAuthClient & { readonly tenant: string }): OAuthProvider => ({
  key: "microsoft",
  authorizeUrl: `https://login.microsoftonline.com/${encodeURIComponent(tenant)}/oauth2/v2.0/authorize`,
  tokenUrl: `https://login.microsoftonline.com/${encodeURIComponent(tenant)}/oauth2/v2.0/token`,
  scopes: [
    "https://outlook.office.com/IMAP.AccessAsUser.All",
    "https://outlook.office.com/SMTP.Send",
    "offline_access",
    "openid",
    "email",
  ],
  extra: { prompt: "select_account" },
  preset: "outlook",
  ...client,
});
