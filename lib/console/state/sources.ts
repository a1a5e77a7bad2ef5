/** Sources as the API describes them: where each reads, which topic it writes, and its rules. */
import { ApiError } from "../../client/api-error.js";
import type { AnswerTo } from "../../client/client.js";
import { api, isPermittedTo } from "./session.js";

export type SourceEntry = AnswerTo<"GET /sources">["sources"][number];

/** [] where the API runs no sources, is older than they are, or the caller may not see them. */
export async function loadSourceEntries(signal: AbortSignal): Promise<readonly SourceEntry[]> {
  if (!isPermittedTo("route:describe")) return [];
  try {
    const { sources } = await api.call("GET /sources", { signal });
    return sources;
  } catch (error) {
    if (error instanceof ApiError && [404, 405, 501].includes(error.status)) return [];
    throw error;
  }
}

const kinds: Readonly<Record<string, string>> = {
  webhook: "Webhook",
  sqs: "SQS queue",
  sns: "SNS messages",
  kinesis: "Kinesis stream",
  dynamodb: "DynamoDB stream",
  s3: "S3 objects",
  outbox: "Outbox table",
  eventbridge: "EventBridge rule",
  schedule: "Schedule",
};

/** "SQS queue" for "sqs"; kinds that this page does not know as they are. */
export const toKindText = (kind: string): string => kinds[kind] ?? kind;
