/** How we prove who we are to the brokers, and how we know them. */

export type SaslOptions =
  | { readonly mechanism: "plain" | "scram-sha-256" | "scram-sha-512"; readonly username: string; readonly password: string }
  /** The token is asked for at every authentication of every connection; keeping one until it expires is up to whoever gives it. */
  | { readonly mechanism: "oauthbearer"; readonly token: () => Promise<string> };

/** PEM texts. Without a CA those that Node trusts; with a certificate and its key the connection is mutual TLS. */
export interface TlsOptions {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly passphrase?: string;
}
