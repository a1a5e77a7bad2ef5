/** The source "webhook": another system calls `POST /sources/{name}`, and is answered with success once Kafka has acknowledged what it sent. */
import * as v from "valibot";
import { sooner } from "../deadline.js";
import { RelayError } from "../errors.js";
import { type Operation, operation, type Reply } from "../http/operation.js";
import { whole } from "../option-values.js";
import { checkOptions } from "../targets/options.js";
import type { BoundSource, ItemResult, SourceContext, SourceOrigin } from "./origin.js";
import { toWebhookItem } from "./webhook/item.js";
import { toLambdaHandler } from "./webhook/lambda-hosts.js";
import { createRateLimit, type RateLimit } from "./webhook/rate-limit.js";
import { createRecentReplies, type RecentReplies } from "./webhook/recent-replies.js";
import { headerName } from "./webhook/scheme-options.js";
import type { ChallengeAnswer, Verification, Verified } from "./webhook/verification.js";
import { type Check, withSecrets } from "./webhook/verifier.js";

export interface WebhookSourceOptions {
  /** `standardWebhooks({...})`, `github({...})`, `stripe({...})`, `shopify({...})`, `slack({...})`, `plainHmac({...})` or `sharedSecret({...})`. */
  readonly verify: Verification;
  /** The largest body; 1,000,000 where absent, which fits a topic with Kafka's default limit. */
  readonly bytesMax?: number;
  /** How long Kafka may take, before the sender is asked to send again; the scheme's where absent. */
  readonly answerWithinMs?: number;
  /** Headers of the request that become headers of the record, beside those of the scheme. */
  readonly headers?: readonly string[];
  /** Calls per second of this process, and how many may come at once. Absent: no limit but the host's. */
  readonly rate?: { readonly perSecond: number; readonly burst: number };
  /** Answers a repeat of a delivery within the window without writing it again, as long as the same process receives it. */
  readonly dedupe?: { readonly windowMs: number; readonly idsMax?: number };
}

const bytesMaxDefault = 1_000_000;
const idsMaxDefault = 10_000;
/** How long a sender is asked to wait while Kafka cannot be reached. */
const retryAfterMs = 5_000;

export function webhooks(options: WebhookSourceOptions): SourceOrigin {
  checkOptions("webhook", options, optionEntries, "source");
  const { verify } = options;
  if (options.dedupe !== undefined && !verify.hasIds) {
    throw new RelayError(
      "bad-configuration",
      `The source webhook:\n  dedupe: the scheme ${verify.scheme} has no id for each delivery. Name its header with \`id\`, or remove dedupe.`,
    );
  }
  const answerWithinMs = options.answerWithinMs ?? verify.answerWithinMs;
  return {
    kind: "webhook",
    name: verify.scheme,
    options: { ...options, verify: { scheme: verify.scheme, ...verify.options } },
    order: "none",
    recordBytesMax: options.bytesMax ?? bytesMaxDefault,
    retryDeadlineMs: answerWithinMs,
    asksByGet: verify.answerGet !== undefined,
    bind: (source) => {
      const operations = {
        [`POST /sources/${source.name}`]: receive(options, source, answerWithinMs),
        ...(verify.answerGet === undefined ? {} : { [`GET /sources/${source.name}`]: answerQuestion(verify, verify.answerGet, source) }),
      };
      return { operations, handle: toLambdaHandler(operations, source.http) };
    },
  };
}

const optionEntries = {
  verify: v.looseObject({ scheme: v.string(), verify: v.function() }, "must be a scheme, such as github({ secrets: [...] })"),
  bytesMax: v.optional(whole(1, 16_000_000)),
  answerWithinMs: v.optional(whole(100, 29_000)),
  headers: v.optional(v.array(headerName, "must be a list of header names")),
  rate: v.optional(v.strictObject({ perSecond: whole(1, 1_000_000), burst: whole(1, 1_000_000) })),
  dedupe: v.optional(v.strictObject({ windowMs: whole(1_000, 86_400_000), idsMax: v.optional(whole(1, 1_000_000)) })),
};

interface Parts {
  readonly source: BoundSource;
  readonly options: WebhookSourceOptions;
  readonly answerWithinMs: number;
  readonly check: Check<Verified>;
  readonly rate: RateLimit;
  readonly recent: RecentReplies | undefined;
}

function receive(options: WebhookSourceOptions, source: BoundSource, answerWithinMs: number): Operation {
  const { rate, dedupe, verify } = options;
  const parts: Parts = {
    source,
    options,
    answerWithinMs,
    check: withSecrets(verify.secrets, verify.verify),
    rate: createRateLimit(rate),
    recent: dedupe === undefined ? undefined : createRecentReplies(dedupe.windowMs, dedupe.idsMax ?? idsMaxDefault),
  };
  return operation({
    may: "record:write",
    isPublic: true,
    summary: `Receives the webhooks of ${source.name}, and answers once Kafka has acknowledged them.`,
    produces: [],
    answers: { 200: null },
    run: async ({ headers, rawBody }, call) => {
      const deadline = sooner(call.deadline, answerWithinMs);
      const context = source.contextOfCall({ kafka: call.kafka, config: call.config, deadline });
      assertReadable(headers["content-encoding"], rawBody, options.bytesMax ?? bytesMaxDefault);
      const query = new URLSearchParams(call.rawQuery);
      const verified = await parts.check({ headers, body: rawBody, query, nowMs: context.now() }, context.secret);
      if (verified.challenge !== undefined) return toChallengeReply(verified.challenge);
      // Only now: calls that are not the sender's must not use up its share.
      parts.rate.take(context.now());
      return answerOnce(parts, verified, context, headers, rawBody);
    },
  });
}

/** The sender asks by GET whether the address is ours. Nothing is written. */
function answerQuestion(verify: Verification, answer: NonNullable<Verification["answerGet"]>, source: BoundSource): Operation {
  const check = withSecrets(verify.secrets, answer);
  return operation({
    may: "record:write",
    isPublic: true,
    summary: `Answers the sender of the webhooks of ${source.name}, who asks whether the address is this source's.`,
    produces: [],
    answers: { 200: null },
    run: async ({ headers }, call) => {
      const context = source.contextOfCall({ kafka: call.kafka, config: call.config, deadline: call.deadline });
      const query = new URLSearchParams(call.rawQuery);
      return toChallengeReply(await check({ headers, body: Buffer.alloc(0), query, nowMs: context.now() }, context.secret));
    },
  });
}

/** What the sender sent is text, and no browser is to take it for a page. */
const toChallengeReply = ({ text, contentType }: ChallengeAnswer): Reply => ({
  status: 200,
  text,
  contentType,
  headers: { "x-content-type-options": "nosniff" },
});

/** A repeat is answered as the delivery was; one that arrives while the delivery is under way waits for it. */
function answerOnce(
  parts: Parts,
  verified: Verified,
  context: SourceContext,
  headers: Parameters<typeof toWebhookItem>[0]["headers"],
  body: Buffer,
): Promise<Reply> {
  const { recent, options, source } = parts;
  const item = toWebhookItem({
    name: source.name,
    scheme: options.verify.scheme,
    verified,
    headers,
    kept: [...options.verify.headers, ...(options.headers ?? [])],
    body,
    nowMs: context.now(),
  });
  const write = async (): Promise<Reply> => {
    const [[result] = []] = await context.pass([[item]], context.deadline);
    return toReply(result, item.id, options.verify.scheme);
  };
  return recent === undefined ? write() : recent.once(item.id, context.now(), write);
}

function toReply(result: ItemResult | undefined, id: string, scheme: string): Reply {
  if (result === undefined || result.verdict === "given-back") {
    const { error } = result ?? {};
    throw new RelayError(
      "broker-not-available",
      `Kafka has not acknowledged the record, so it is not accepted. Send it again. ${error?.message ?? ""}`.trim(),
      {
        ...(error === undefined ? {} : { cause: error, written: error.failure.written }),
        retryAfterMs: Math.max(retryAfterMs, error?.details.retryAfterMs ?? 0),
      },
    );
  }
  // Slack shows what it is answered to the person who acted.
  return scheme === "slack"
    ? { status: 200 }
    : { status: 200, body: { delivery_id: id, verdict: result.verdict }, contentType: "application/json" };
}

/** A compressed body would be verified as something else than what was signed. */
function assertReadable(coding: string | undefined, body: Buffer, bytesMax: number): void {
  if (coding !== undefined && coding.trim().toLowerCase() !== "identity")
    throw new RelayError(
      "unsupported-media-type",
      "A webhook's body must not be compressed, because its signature is of the bytes that were sent.",
      {
        acceptEncoding: "identity",
      },
    );
  if (body.length > bytesMax)
    throw new RelayError("too-large", `The body has ${body.length} bytes; this source accepts at most ${bytesMax}.`);
}
