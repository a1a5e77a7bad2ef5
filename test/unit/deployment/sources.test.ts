/** What a deployment of a source refuses, because it would lose records, and what the source's role may do. */
import { expect, test } from "vitest";
import { type SourceDeclaration, sourceFaults, sourceStatements, takesPartialBatches } from "../../../local/build/deployment/sources.js";

const declared = (events: SourceDeclaration["events"], more: Partial<SourceDeclaration> = {}): SourceDeclaration => ({
  handler: "functions/sources/orders.handler",
  events: events ?? [],
  ...more,
});

const queue = "arn:aws:sqs:eu-central-1:123456789012:orders";
const stream = "arn:aws:kinesis:eu-central-1:123456789012:stream/orders";
const partial = { functionResponseType: "ReportBatchItemFailures" };
const lossless = { type: "kinesis", arn: stream, startingPosition: "TRIM_HORIZON", ...partial };

test.each([
  ["webhook", declared([{ httpApi: "POST /sources/orders" }])],
  ["webhook", declared([{ httpApi: { method: "post", path: "/sources/orders" } }])],
  ["sqs", declared([{ sqs: { arn: queue, ...partial } }])],
  ["kinesis", declared([{ stream: { ...lossless, maximumRetryAttempts: -1, bisectBatchOnFunctionError: true } }])],
  [
    "kinesis",
    declared([{ stream: { ...lossless, maximumRetryAttempts: 9, destinations: { onFailure: { arn: "arn:aws:s3:::lost", type: "s3" } } } }]),
  ],
  ["eventbridge", declared([{ eventBridge: { pattern: {} } }], { destinations: { onFailure: queue } })],
  ["schedule", declared([{ schedule: "rate(1 minute)" }], { onError: queue })],
  ["outbox", declared([{ schedule: "rate(1 minute)" }])],
] as const)("%# a source of the kind %s that loses nothing is accepted", (kind, declaration) => {
  expect(sourceFaults("orders", { kind }, declaration)).toEqual([]);
});

test.each([
  ["webhook", declared([{ httpApi: "POST /orders" }]), "POST /orders is not the call that the source answers: use POST /sources/orders."],
  ["sqs", declared([]), "its source of the kind sqs needs an event sqs."],
  ["sqs", declared([{ sqs: queue }]), "sqs: add functionResponseType: ReportBatchItemFailures."],
  ["sns", declared([{ sns: "arn" }, { sqs: { arn: queue, ...partial } }]), "Subscribe a queue to the topic"],
  ["s3", declared([{ s3: "bucket" }, { sqs: { arn: queue, ...partial } }]), "Send notifications to a queue"],
  ["kinesis", declared([{ stream: { ...lossless, maximumRetryAttempts: 3 } }]), "stream: maximumRetryAttempts: 3 gives records up."],
  [
    "kinesis",
    declared([{ stream: { ...lossless, maximumRecordAgeInSeconds: 60, destinations: { onFailure: queue } } }]),
    "a queue or a topic receives only the places of the records",
  ],
  [
    "kinesis",
    declared([{ stream: { ...lossless, startingPosition: "LATEST" } }]),
    "With LATEST, records that arrive while the mapping is created",
  ],
  ["dynamodb", declared([{ stream: { ...lossless, tumblingWindowInSeconds: 30 } }]), "a source keeps no state between batches"],
  ["eventbridge", declared([{ eventBridge: { pattern: {} } }]), "add destinations: { onFailure: <the ARN of a queue> }"],
  ["schedule", declared([{ schedule: "rate(1 minute)" }]), "add destinations: { onFailure: <the ARN of a queue> }"],
] as const)("%# a source of the kind %s that could lose records is refused", (kind, declaration, sentence) => {
  const faults = sourceFaults("orders", { kind }, declaration);

  expect(faults).toHaveLength(1);
  expect(faults[0]).toContain(sentence);
  expect(faults[0]).toMatch(/^function orders: /);
});

test("a sender that asks by GET needs both calls", () => {
  const whatsapp = { kind: "webhook", asksByGet: true };
  const both = declared([{ httpApi: "POST /sources/orders" }, { httpApi: "GET /sources/orders" }]);

  expect(sourceFaults("orders", whatsapp, both)).toEqual([]);
  expect(sourceFaults("orders", whatsapp, declared([{ httpApi: "POST /sources/orders" }]))).toEqual([
    "function orders: the sender asks by GET whether the address is ours: declare it with webhook: [POST, GET], or add the event httpApi: GET /sources/orders.",
  ]);
  expect(sourceFaults("orders", { kind: "webhook" }, both)).toEqual([
    "function orders: httpApi: GET /sources/orders is not the call that the source answers: use POST /sources/orders.",
  ]);
});

const reading = (id: string) => declared([{ sqs: { arn: { "Fn::GetAtt": [id, "Arn"] }, ...partial } }], { timeout: 60 });
const queueOf = (properties: object) => ({ Orders: { Type: "AWS::SQS::Queue", Properties: properties } });
const redrive = { RedrivePolicy: { deadLetterTargetArn: { "Fn::GetAtt": ["Letters", "Arn"] }, maxReceiveCount: 5 } };

test.each([
  ["no visibility timeout", { ...redrive }, "has a VisibilityTimeout of 30 s. Set at least 360"],
  ["a short one", { ...redrive, VisibilityTimeout: 359 }, "has a VisibilityTimeout of 359 s. Set at least 360"],
  ["no redrive policy", { VisibilityTimeout: 360 }, "has no RedrivePolicy"],
  [
    "few attempts",
    { VisibilityTimeout: 360, RedrivePolicy: { ...redrive.RedrivePolicy, maxReceiveCount: 3 } },
    "has maxReceiveCount 3. Set at least 5",
  ],
  [
    "dead letters that end first",
    { ...redrive, VisibilityTimeout: 360, MessageRetentionPeriod: 1_209_600 },
    "keeps messages for 345600 s, and the queue itself for 1209600 s",
  ],
])("a queue of the template with %s is refused", (_, properties, sentence) => {
  const resources = { ...queueOf(properties), Letters: { Type: "AWS::SQS::Queue" } };

  const faults = sourceFaults("orders", { kind: "sqs" }, reading("Orders"), { resources });

  expect(faults).toHaveLength(1);
  expect(faults[0]).toContain(`function orders: sqs: `);
  expect(faults[0]).toContain(sentence);
});

test("a queue of the template that loses nothing is accepted, and so is one of another template", () => {
  const resources = queueOf({ ...redrive, VisibilityTimeout: 360 });

  expect(sourceFaults("orders", { kind: "sqs" }, reading("Orders"), { resources })).toEqual([]);
  expect(sourceFaults("orders", { kind: "sqs" }, reading("Elsewhere"), { resources })).toEqual([]);
});

test("the function names single records only where every mapping accepts that", () => {
  expect(takesPartialBatches(declared([{ sqs: { arn: queue, ...partial } }]))).toBe(true);
  expect(takesPartialBatches(declared([{ sqs: { arn: queue, ...partial } }, { sqs: queue }]))).toBe(false);
  expect(takesPartialBatches(declared([{ httpApi: "POST /sources/orders" }]))).toBe(false);
});

test("a source's role reads what its events name, and writes to its destination", () => {
  const actionsOf = (declaration: SourceDeclaration, kind: string) =>
    sourceStatements(declaration, { kind, options: { bucket: "incoming" } }).map(({ Action, Resource }) => [Action.join(" "), Resource]);

  expect(actionsOf(declared([{ sqs: { arn: queue } }]), "sqs")).toEqual([
    ["sqs:ChangeMessageVisibility sqs:DeleteMessage sqs:GetQueueAttributes sqs:ReceiveMessage", [queue]],
  ]);
  expect(actionsOf(declared([{ eventBridge: {} }], { destinations: { onFailure: queue } }), "eventbridge")).toEqual([
    ["sqs:SendMessage", [queue]],
  ]);
  expect(actionsOf(declared([{ stream: { ...lossless, destinations: { onFailure: "arn:aws:s3:::lost" } } }]), "kinesis")).toEqual([
    ["kinesis:DescribeStream kinesis:DescribeStreamSummary kinesis:GetRecords kinesis:GetShardIterator kinesis:ListShards", [stream]],
    ["s3:PutObject", ["arn:aws:s3:::lost/*"]],
  ]);
  expect(actionsOf(declared([{ sqs: { arn: queue } }]), "s3")).toEqual([
    ["sqs:ChangeMessageVisibility sqs:DeleteMessage sqs:GetQueueAttributes sqs:ReceiveMessage sqs:GetQueueUrl sqs:SendMessage", [queue]],
    ["s3:GetObject s3:GetObjectVersion", [{ "Fn::Sub": `arn:\${AWS::Partition}:s3:::incoming/*` }]],
  ]);
  expect(actionsOf(declared([{ httpApi: "POST /sources/orders" }]), "webhook")).toEqual([]);
});
