/** What a connection that failed means, in our words: the cause, and whether the request may have been received. Messages never contain secrets. */
import kafkajsErrors from "kafkajs/src/errors.js";
import { RelayError } from "../../errors.js";
import { isKafkaError } from "../protocol/error-codes.js";
import type { ReadySasl, TlsOptions } from "../security.js";

interface Address {
  readonly host: string;
  readonly port: number;
}

interface Security {
  readonly tls?: TlsOptions;
  readonly sasl?: ReadySasl;
}

const at = ({ host, port }: Address): string => `Kafka at ${host}:${port}`;

/** Sent, and no answer came in time. */
export function noAnswer(address: Address, what: string): RelayError {
  return new RelayError("maybe-written", `${at(address)} ${what}, and the connection was closed.`);
}

/** The connection ended while answers were awaited. */
export function brokerClosed(address: Address, cause?: unknown): RelayError {
  const why = cause instanceof Error ? `: ${cause.message}` : "";
  return new RelayError("maybe-written", `The connection to ${at(address)} was lost before an answer came${why}.`, { cause });
}

/** No connection could be used, so nothing was asked: unreachable, or one of the two sides is not who the other expects. */
export function connectFailure(address: Address, { tls, sasl }: Security, cause: unknown): RelayError {
  if (cause instanceof RelayError && cause.code !== "maybe-written") return cause;
  const details = { cause };
  if (isTooManyConnects(cause)) {
    return new RelayError("kafka-unreachable", `${at(address)} accepts no more connections at the moment (too many connects).`, details);
  }
  if (sasl !== undefined && isSaslRefusal(cause)) {
    const who = sasl.mechanism === "oauthbearer" ? "" : ` as ${JSON.stringify(sasl.username)}`;
    return new RelayError("kafka-unauthenticated", `${at(address)} refused the authentication by ${sasl.mechanism}${who}.`, details);
  }
  const said = cause instanceof Error ? cause.message : "the connection is closed";
  if (tls !== undefined && isCertificateFault(cause)) {
    return new RelayError(
      "kafka-unauthenticated",
      `${at(address)} and this client do not accept each other's certificates (${said}): check KAFKA_SSL_CA, KAFKA_SSL_CERT and KAFKA_SSL_KEY.`,
      details,
    );
  }
  const hint = tls !== undefined && /wrong version number|before secure TLS|packet length/.test(said) ? " Is it a TLS listener?" : "";
  return new RelayError("kafka-unreachable", `${at(address)} cannot be reached: ${said}.${hint}`, details);
}

function isSaslRefusal(cause: unknown): boolean {
  const { KafkaJSSASLAuthenticationError, KafkaJSProtocolError } = kafkajsErrors;
  if (cause instanceof KafkaJSSASLAuthenticationError) return true;
  return (
    cause instanceof KafkaJSProtocolError &&
    isKafkaError(cause.code, "UNSUPPORTED_SASL_MECHANISM", "ILLEGAL_SASL_STATE", "SASL_AUTHENTICATION_FAILED")
  );
}

/**
 * Amazon MSK limits new IAM connections (100 per second and broker), and fails the authentication of those beyond with this text alone:
 * https://docs.aws.amazon.com/msk/latest/developerguide/troubleshooting.html
 */
function isTooManyConnects(cause: unknown): boolean {
  return cause instanceof Error && /too many connects/i.test(cause.message);
}

/** OpenSSL's verification codes as Node names them, and the alerts that a broker sends when it does not accept ours. */
function isCertificateFault(cause: unknown): boolean {
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  return /CERT|SELF_SIGNED|UNABLE_TO_(GET|VERIFY)|ALERT_(CERTIFICATE|UNKNOWN_CA|BAD|HANDSHAKE|ACCESS)|ALTNAME/.test(code);
}
