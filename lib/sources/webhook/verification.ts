/** How the sender of a webhook is recognised: data until it is given secrets. One file beside this one per scheme. */
import type { Headers } from "../../http/message.js";

export interface WebhookRequest {
  /** Names in lower case. */
  readonly headers: Headers;
  /** The bytes that were signed: exactly those that were sent. */
  readonly body: Buffer;
  /** What follows the "?" of the address. */
  readonly query: URLSearchParams;
  readonly nowMs: number;
}

/** What answers a question of the sender: whether this address is ours. */
export interface ChallengeAnswer {
  readonly text: string;
  readonly contentType: "text/plain" | "application/json";
}

export interface Verified {
  /** The sender's id of this delivery, the same when it sends it again; undefined: it has none. */
  readonly id: string | undefined;
  /** A question of the sender that is answered at once: no record, and nothing to keep. */
  readonly challenge?: ChallengeAnswer;
}

export interface Verification {
  /** "github", "stripe"... */
  readonly scheme: string;
  /** References to secrets. Any of them will do, so that both sides can change secrets without a gap. */
  readonly secrets: readonly string[];
  readonly options: Readonly<Record<string, unknown>>;
  /** How long the sender waits for an answer, less some time for the way. */
  readonly answerWithinMs: number;
  /** Headers that say what the delivery is about; they become headers of the record. */
  readonly headers: readonly string[];
  /** Whether every delivery has an id of its sender. */
  readonly hasIds: boolean;
  /** Throws `unauthenticated` where none of the secrets signed the request, or it is too old; `bad-configuration` for a secret that cannot be one. */
  readonly verify: (request: WebhookRequest, secrets: readonly string[]) => Verified;
  /** Set: the sender also asks by GET whether the address is ours. Throws as `verify` does. */
  readonly answerGet?: (request: WebhookRequest, secrets: readonly string[]) => ChallengeAnswer;
}
