/** A target that cannot be found, reached or heard is the target's trouble, whichever target it is; a bug stays ours. */
import { describe, expect, test } from "vitest";
import type { RelayError } from "../../../lib/errors.js";
import { toAwsFailure } from "../../../lib/targets/aws.js";
import { toSqlFailure } from "../../../lib/targets/sql/verdict.js";
import { toWebhookFailure } from "../../../lib/targets/webhook/verdict.js";

const translations: readonly (readonly [string, (thrown: unknown, name: string) => RelayError])[] = [
  ["a webhook", toWebhookFailure],
  ["an AWS target", toAwsFailure],
  ["a SQL target", toSqlFailure],
];
const thrown = (code: string) => Object.assign(new Error(`it failed with ${code}`), { code });

describe.each(translations)("%s", (_, toFailure) => {
  test.each([
    "EAI_AGAIN",
    "EAI_FAIL",
    "EAI_NODATA",
    "EAI_NONAME",
    "ENOTFOUND",
    "ECONNREFUSED",
    "ECONNRESET",
    "ECONNABORTED",
    "EPIPE",
    "EHOSTUNREACH",
    "EHOSTDOWN",
    "ENETUNREACH",
    "ENETDOWN",
    "EADDRNOTAVAIL",
    "EACCES",
    "EMFILE",
  ])("takes %s for the target's failure, which is tried again", (code) => {
    const { code: failureCode, failure } = toFailure(thrown(code), "orders");

    expect([failureCode, failure.blame, failure.isRetriable]).toEqual(["target-failed", "target", true]);
  });

  test.each(["ERR_INVALID_ARG_TYPE", "ERR_ASSERTION", ""])("takes %j for a bug of ours", (code) => {
    expect(toFailure(thrown(code), "orders").code).toBe("internal");
  });
});
