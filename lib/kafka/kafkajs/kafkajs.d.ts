/** The part of kafkajs 2.2.4 that is used, which is exactly pinned: one connection with its framing, TLS and SASL. Its own types do not speak of it. */
declare module "kafkajs/src/network/connection.js" {
  import type { Socket } from "node:net";

  interface Logger {
    readonly namespace: () => Logger;
    readonly debug: () => void;
    readonly info: () => void;
    readonly warn: () => void;
    readonly error: () => void;
  }

  interface Entry {
    readonly apiKey: number;
    readonly apiName: string;
    readonly apiVersion: number;
    readonly correlationId: number;
    /** `payload` is the answer behind its correlation id. */
    readonly resolve: (answer: { readonly payload: Buffer }) => void;
    readonly reject: (error: unknown) => void;
  }

  interface ConnectionOptions {
    readonly host: string;
    readonly port: number;
    readonly clientId: string;
    readonly logger: Logger;
    readonly ssl: object | null;
    readonly sasl: object | null;
    readonly socketFactory: (target: { readonly onConnect: () => void }) => Socket;
    readonly connectionTimeout: number;
    readonly requestTimeout: number;
    readonly enforceRequestTimeout: boolean;
  }

  export default class Connection {
    constructor(options: ConnectionOptions);
    readonly socket: Socket;
    /** What the broker granted at the last authentication, in milliseconds; 0 where the session has no end. */
    readonly sessionLifetime: { readonly toNumber: () => number };
    /** Null: not authenticated. Of a clock that may stand still while an environment is frozen. */
    authenticatedAt: unknown;
    /** So long before the end of the session it counts as not authenticated. */
    reauthenticationThreshold: number;
    readonly requestQueue: {
      push(request: {
        readonly entry: Entry;
        readonly expectResponse: boolean;
        readonly requestTimeout: number | null;
        readonly sendRequest: () => void;
      }): void;
      scheduleCheckPendingRequests: () => void;
      destroy(): void;
    };
    connect(): Promise<unknown>;
    authenticate(): Promise<void>;
    isConnected(): boolean;
    isAuthenticated(): boolean;
    setVersions(versions: Readonly<Record<number, { readonly minVersion: number; readonly maxVersion: number }>>): void;
    setSupportAuthenticationProtocol(isSupported: boolean): void;
    nextCorrelationId(): number;
    rejectRequests(error: unknown): void;
  }
}

declare module "kafkajs/src/errors.js" {
  export class KafkaJSSASLAuthenticationError extends Error {}
  export class KafkaJSProtocolError extends Error {
    /** Kafka's error code. */
    readonly code: number;
  }
  const errors: {
    readonly KafkaJSSASLAuthenticationError: typeof KafkaJSSASLAuthenticationError;
    readonly KafkaJSProtocolError: typeof KafkaJSProtocolError;
  };
  export default errors;
}
