/** What a host that writes traces gives to the API: a span for each call, under which the call's records get spans of their own. Absent: nothing is traced, and it costs nothing. */
import type { FailureCode } from "../errors.js";
import type { Kafka } from "../kafka/port.js";
import type { HttpReply, HttpRequest } from "./message.js";

export interface Tracing {
  readonly call: (request: HttpRequest) => CallSpan;
}

export interface CallSpan {
  readonly traceId: string;
  /** The request as operations see it: without its trace, because the producer writes the trace of its own span into the records. */
  readonly request: HttpRequest;
  /** The same cluster; its producer writes a span per call, and that span's trace into the records. */
  readonly kafka: (kafka: Kafka) => Kafka;
  /** A span whose reply is a stream ends with the stream. */
  readonly end: (answered: {
    readonly routeKey: string | undefined;
    readonly reply: HttpReply;
    readonly failure: FailureCode | undefined;
  }) => void;
}
