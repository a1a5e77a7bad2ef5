/** How we prove who we are to the brokers, and how we know them. */

export interface SaslLogin {
  readonly username: string;
  readonly password: string;
}

type PasswordMechanism = "plain" | "scram-sha-256" | "scram-sha-512";

export type SaslOptions =
  | ({ readonly mechanism: PasswordMechanism } & SaslLogin)
  /** A login kept elsewhere: asked for at every connection, and once more with `refresh` where the brokers refuse it, since it may have been rotated. */
  | { readonly mechanism: PasswordMechanism; readonly login: (options: { readonly refresh: boolean }) => Promise<SaslLogin> }
  | OAuthBearer;

export interface OAuthBearer {
  readonly mechanism: "oauthbearer";
  /** Asked for at every authentication of every connection; the caller that provides it may cache it until it expires. */
  readonly token: () => Promise<string>;
  /** The brokers refused a token. True: the next one will be another, and the connection is tried once more. */
  readonly doubt?: (token: string) => boolean;
  /** SASL extensions (RFC 7628, 3.1), such as Confluent Cloud's `logicalCluster` and `identityPoolId`. */
  readonly extensions?: Readonly<Record<string, string>>;
}

/** With the login at hand. */
export type ReadySasl = Exclude<SaslOptions, { readonly login: unknown }>;

/** PEM texts. Without a CA those that Node trusts; with a certificate and its key the connection is mutual TLS. */
export interface TlsOptions {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly passphrase?: string;
  /** Texts kept elsewhere, asked for at every connection and used in place of those above. */
  readonly secrets?: () => Promise<Omit<TlsOptions, "secrets">>;
}
