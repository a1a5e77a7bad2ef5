/** Calls of an emulated AWS in its JSON protocol. Emulators read the service and the region from the signature, and do not check it. */
import type { ReadResource } from "./declared-sources.js";

export interface EmulatedAws {
  readonly endpoint: string;
  readonly region: string;
}

const callTimeoutMs = 30_000;
const services = {
  sqs: { target: "AmazonSQS", type: "application/x-amz-json-1.0" },
  kinesis: { target: "Kinesis_20131202", type: "application/x-amz-json-1.1" },
  dynamodb: { target: "DynamoDBStreams_20120810", type: "application/x-amz-json-1.0" },
  tables: { target: "DynamoDB_20120810", type: "application/x-amz-json-1.0" },
} as const;

export type EmulatedService = keyof typeof services;

export async function callEmulator<Answer>(
  { endpoint, region }: EmulatedAws,
  service: EmulatedService,
  action: string,
  body: object,
): Promise<Answer> {
  const { target, type } = services[service];
  const response = await fetch(endpoint, {
    method: "POST",
    headers: {
      "content-type": type,
      "x-amz-target": `${target}.${action}`,
      "x-amz-date": "20260101T000000Z",
      authorization: `AWS4-HMAC-SHA256 Credential=test/20260101/${region}/${service === "tables" ? "dynamodb" : service}/aws4_request, SignedHeaders=host, Signature=00`,
    },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(callTimeoutMs),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${endpoint} answered ${response.status} to ${service} ${action}: ${text.slice(0, 300)}`);
  return (text === "" ? {} : JSON.parse(text)) as Answer;
}

/** Makes what a source reads, where it is missing. Returns the ARN of a table's stream. */
export async function ensureResource(aws: EmulatedAws, resource: ReadResource): Promise<string | undefined> {
  switch (resource.kind) {
    case "queue":
      await callEmulator(aws, "sqs", "CreateQueue", {
        QueueName: resource.name,
        ...(resource.isFifo ? { Attributes: { FifoQueue: "true" } } : {}),
      });
      return undefined;
    case "stream":
      await orExists(callEmulator(aws, "kinesis", "CreateStream", { StreamName: resource.name, ShardCount: 1 }));
      return undefined;
    case "table": {
      const { StreamSpecification = {}, ...properties } = resource.properties;
      const stream = { StreamEnabled: true, ...(StreamSpecification as object) };
      await orExists(callEmulator(aws, "tables", "CreateTable", { ...properties, TableName: resource.name, StreamSpecification: stream }));
      const { Table } = await callEmulator<{ readonly Table: { readonly LatestStreamArn?: string } }>(aws, "tables", "DescribeTable", {
        TableName: resource.name,
      });
      return Table.LatestStreamArn;
    }
  }
}

async function orExists(call: Promise<unknown>): Promise<void> {
  await call.catch((thrown: Error) => {
    if (!thrown.message.includes("ResourceInUseException")) throw thrown;
  });
}
