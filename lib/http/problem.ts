/** How a failure looks to a caller: the contract's `error_code` and `message`, with the members of RFC 9457 beside them. */
import type { FailureCode, RelayError } from "../errors.js";
import type { Reply } from "./operation.js";

interface Problem {
  readonly error_code: number;
  readonly message: string;
  /** A name for the kind of failure. It is not an address. */
  readonly type: string;
  readonly title: string;
  readonly status: number;
  /** Whether the same request may succeed later. */
  readonly retriable: boolean;
  /** Whether the request may have taken effect already. */
  readonly maybe_written: boolean;
}

const messageLengthMax = 2_000;
/** In an answer about many records every record may fail, and the answer still has to fit into Lambda's limit. */
export const entryMessageLengthMax = 300;

export function toProblem(error: RelayError): Problem {
  const { status, restCode, isRetriable, written } = error.failure;
  return {
    error_code: restCode,
    message: toWords(error),
    type: `urn:kafka-relay:error:${error.code}`,
    title: titleOf(error.code),
    status,
    retriable: isRetriable,
    maybe_written: written === "maybe",
  };
}

/** A failure's message for the caller: limited in length, and without any detail if the failure is a bug or a fault of the configuration. */
export function toWords(error: RelayError, lengthMax = messageLengthMax): string {
  if (error.code === "internal")
    return "An unexpected error occurred, which is a bug in this service. Its log has the details under the request id.";
  if (error.code === "bad-configuration") return "The service is not configured correctly. Its log says what is wrong.";
  return error.message.length <= lengthMax ? error.message : `${error.message.slice(0, lengthMax)}…`;
}

/** "topic-not-found" -> "Topic not found". */
function titleOf(code: FailureCode): string {
  const words = code.replaceAll("-", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

export function problemReply(error: RelayError, contentType: string): Reply {
  const { retryAfterMs, allow, acceptEncoding } = error.details;
  return {
    status: error.failure.status,
    body: toProblem(error),
    contentType,
    headers: {
      ...(retryAfterMs === undefined ? {} : { "retry-after": String(Math.max(1, Math.ceil(retryAfterMs / 1000))) }),
      ...(allow === undefined ? {} : { allow }),
      // RFC 9110, section 11.6.1; RFC 6750, section 3.
      ...(error.code === "unauthenticated" ? { "www-authenticate": 'Bearer realm="kafka-relay"' } : {}),
      ...(acceptEncoding === undefined ? {} : { "accept-encoding": acceptEncoding }),
    },
  };
}
