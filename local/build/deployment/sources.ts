/**
 * The events of sources: a source loses nothing as long as nothing in front of it gives records up. What would do that is refused, before it is deployed and before it
 * is started. And what its role needs to read them. Pure.
 */
import type { Statement } from "./permissions.js";
import { type DeclaredResources, queueFaults } from "./source-queues.js";

/** The parts of a function in serverless.yml that decide it. */
export interface SourceDeclaration {
  readonly handler: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly events?: readonly SourceEvent[];
  readonly destinations?: { readonly onFailure?: unknown };
  readonly onError?: unknown;
  /** Seconds. */
  readonly timeout?: unknown;
}

export interface SourceEvent {
  readonly httpApi?: unknown;
  readonly sqs?: unknown;
  readonly stream?: unknown;
  readonly schedule?: unknown;
  readonly eventBridge?: unknown;
  readonly sns?: unknown;
  readonly s3?: unknown;
}

type Members = Readonly<Record<string, unknown>>;

export const isSource = ({ handler }: Pick<SourceDeclaration, "handler">): boolean => handler.startsWith("functions/sources/");

export const sourceNameOf = ({ handler }: Pick<SourceDeclaration, "handler">): string =>
  handler.replace(/^.*\//, "").replace(/\.[^.]+$/, "");

/** A source is on unless its variable RELAY_SOURCE says otherwise: an HTTP call cannot be disabled in any other way. */
export const isSourceOn = ({ environment }: Pick<SourceDeclaration, "environment">): boolean => environment?.RELAY_SOURCE !== "off";

/** The event that each kind of source needs. */
const eventOf: Readonly<Record<string, keyof SourceEvent>> = {
  webhook: "httpApi",
  sqs: "sqs",
  sns: "sqs",
  s3: "sqs",
  kinesis: "stream",
  dynamodb: "stream",
  eventbridge: "eventBridge",
  schedule: "schedule",
  outbox: "schedule",
};

/** What decides which events a source may have. */
interface DeclaredSource {
  readonly kind: string;
  /** The sender of its webhooks also calls it by GET. */
  readonly asksByGet?: boolean | undefined;
}

/** Of the service around it. */
export interface SourceSurroundings {
  readonly resources: DeclaredResources;
  /** Where the function names none; the framework's default where absent. */
  readonly timeout?: unknown;
}

const timeoutSecondsDefault = 6;

/** Why a source must not have such events, one sentence each. */
export function sourceFaults(
  key: string,
  { kind, asksByGet = false }: DeclaredSource,
  declaration: SourceDeclaration,
  { resources, timeout }: SourceSurroundings = { resources: {} },
): readonly string[] {
  const { events = [] } = declaration;
  const timeoutSeconds = Number(declaration.timeout ?? timeout ?? timeoutSecondsDefault);
  const say = (what: string): string => `function ${key}: ${what}`;
  const needed = eventOf[kind];
  const has = needed !== undefined && events.some((event) => event[needed] !== undefined);
  return [
    ...(needed !== undefined && !has ? [say(`its source of the kind ${kind} needs an event ${needed}.`)] : []),
    ...(asksByGet && has && !events.some(({ httpApi }) => httpApi !== undefined && callOf(httpApi).startsWith("GET "))
      ? [
          say(
            `the sender asks by GET whether the address is ours: declare it with webhook: [POST, GET], or add the event httpApi: GET /sources/${sourceNameOf(declaration)}.`,
          ),
        ]
      : []),
    ...events.flatMap((event) => eventFaults(event, kind, declaration, asksByGet)).map(say),
    ...events.flatMap(({ sqs }) => (sqs === undefined ? [] : queueFaults({ event: sqs, timeoutSeconds }, resources))).map(say),
  ];
}

function eventFaults(event: SourceEvent, kind: string, declaration: SourceDeclaration, asksByGet: boolean): readonly string[] {
  const { httpApi, sqs, stream, schedule, eventBridge, sns, s3 } = event;
  if (sns !== undefined)
    return ["sns: SNS gives a message up when the function fails. Subscribe a queue to the topic, and use the event sqs."];
  if (s3 !== undefined)
    return ["s3: S3 gives a notification up when the function fails. Send notifications to a queue, and use the event sqs."];
  if (httpApi !== undefined) return httpFaults(httpApi, declaration, asksByGet);
  if (sqs !== undefined) return responseFaults("sqs", sqs);
  if (stream !== undefined) return streamFaults(membersOf(stream));
  const isLossless = kind === "outbox"; // what is not written stays in the table
  if ((schedule ?? eventBridge) !== undefined && !isLossless) return asynchronousFaults(declaration);
  return [];
}

const membersOf = (event: unknown): Members => (typeof event === "object" && event !== null ? (event as Members) : {});
const isSet = (value: unknown): boolean => value !== undefined && value !== null;

/** "POST /sources/orders", from either form of the event. */
function callOf(event: unknown): string {
  const { method, path } = membersOf(event);
  return typeof event === "string" ? event : `${String(method).toUpperCase()} ${String(path)}`;
}

function httpFaults(event: unknown, declaration: SourceDeclaration, asksByGet: boolean): readonly string[] {
  const path = `/sources/${sourceNameOf(declaration)}`;
  const right = [`POST ${path}`, ...(asksByGet ? [`GET ${path}`] : [])];
  return right.includes(callOf(event))
    ? []
    : [`httpApi: ${callOf(event)} is not the call that the source answers: use ${right.join(" and ")}.`];
}

function responseFaults(what: string, event: unknown): readonly string[] {
  const { functionResponseType } = membersOf(event);
  if ([functionResponseType].flat().includes("ReportBatchItemFailures")) return [];
  return [
    `${what}: add functionResponseType: ReportBatchItemFailures. Without it, one record that fails brings back its whole batch, and what Kafka has acknowledged is written again.`,
  ];
}

/** https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html: only a bucket receives the records themselves. */
function streamFaults(event: Members): readonly string[] {
  const { maximumRetryAttempts, maximumRecordAgeInSeconds, startingPosition, tumblingWindowInSeconds } = event;
  const destination = JSON.stringify(membersOf(event.destinations).onFailure ?? "");
  const givesUp = [
    ["maximumRetryAttempts", maximumRetryAttempts],
    ["maximumRecordAgeInSeconds", maximumRecordAgeInSeconds],
  ].filter(([, value]) => isSet(value) && Number(value) !== -1);
  return [
    ...responseFaults("stream", event),
    ...(/:s3:/.test(destination)
      ? []
      : givesUp.map(
          ([name, value]) =>
            `stream: ${name}: ${value} gives records up. Remove it, or set it together with destinations.onFailure to a bucket (arn:aws:s3:::name): a queue or a topic receives only the places of the records.`,
        )),
    ...(startingPosition === "TRIM_HORIZON" || startingPosition === "AT_TIMESTAMP"
      ? []
      : [
          "stream: startingPosition must be TRIM_HORIZON or AT_TIMESTAMP. With LATEST, records that arrive while the mapping is created are missed.",
        ]),
    ...(isSet(tumblingWindowInSeconds) ? ["stream: remove tumblingWindowInSeconds, because a source keeps no state between batches."] : []),
  ];
}

function asynchronousFaults({ destinations, onError }: SourceDeclaration): readonly string[] {
  return isSet(destinations?.onFailure) || isSet(onError)
    ? []
    : [
        "add destinations: { onFailure: <the ARN of a queue> }. Lambda invokes it asynchronously, and gives the event up after three attempts unless it has a destination.",
      ];
}

/** With partial responses in every mapping, the function may name single records. */
export function takesPartialBatches({ events = [] }: SourceDeclaration): boolean {
  const mappings = events.flatMap(({ sqs, stream }) => [sqs, stream].filter(isSet));
  return mappings.length > 0 && mappings.every((event) => responseFaults("", event).length === 0);
}

interface SourceReads {
  readonly kind: string;
  readonly options: Readonly<Record<string, unknown>>;
}

/** What its mappings, its destination and its own calls need. The framework adds these to a role that our functions do not use. */
export function sourceStatements(declaration: SourceDeclaration, { kind, options }: SourceReads): readonly Statement[] {
  const { events = [], destinations, onError } = declaration;
  const arnOf = (event: unknown): unknown => (typeof event === "string" ? event : membersOf(event).arn);
  const queues = events.flatMap(({ sqs }) => (isSet(sqs) ? [arnOf(sqs)] : []));
  const streams = events.flatMap(({ stream }) => (isSet(stream) ? [{ type: typeOf(stream), arn: arnOf(stream) }] : []));
  const failures = [
    destinations?.onFailure,
    onError,
    ...events.map(({ stream }) => membersOf(membersOf(stream).destinations).onFailure),
  ].filter(isSet);
  const of = (type: string) => streams.flatMap((stream) => (stream.type === type ? [stream.arn] : []));
  const queueActions = ["sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"];
  return [
    // A large object goes on in a message of its own.
    ...statement("SourceQueues", kind === "s3" ? [...queueActions, "sqs:GetQueueUrl", "sqs:SendMessage"] : queueActions, queues),
    ...(kind === "s3"
      ? statement(
          "SourceObjects",
          ["s3:GetObject", "s3:GetObjectVersion"],
          [{ "Fn::Sub": `arn:\${AWS::Partition}:s3:::${options.bucket}/*` }],
        )
      : []),
    ...statement("SourceStreams", kinesisActions, of("kinesis")),
    ...statement("SourceChanges", dynamodbActions, of("dynamodb")),
    ...failures.flatMap((given, index) => {
      const arn = typeof given === "string" ? given : (membersOf(given).arn ?? given);
      return statement(`SourceFailures${index === 0 ? "" : index}`, destinationActions(arn), [bucketContents(arn)]);
    }),
  ];
}

const kinesisActions = [
  "kinesis:DescribeStream",
  "kinesis:DescribeStreamSummary",
  "kinesis:GetRecords",
  "kinesis:GetShardIterator",
  "kinesis:ListShards",
];
const dynamodbActions = ["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:ListStreams"];

function typeOf(stream: unknown): string {
  const { type, arn } = membersOf(stream);
  if (typeof type === "string") return type;
  return String(typeof stream === "string" ? stream : arn).split(":")[2] ?? "";
}

function statement(Sid: string, Action: readonly string[], resources: readonly unknown[]): readonly Statement[] {
  return resources.length === 0 ? [] : [{ Sid, Effect: "Allow", Action, Resource: resources }];
}

const destinationActions = (arn: unknown): readonly string[] => {
  const text = JSON.stringify(arn);
  if (text.includes(":sns:") || text.includes("Topic")) return ["sns:Publish"];
  if (text.includes(":s3:")) return ["s3:PutObject"];
  if (text.includes(":lambda:")) return ["lambda:InvokeFunction"];
  return text.includes(":events:") ? ["events:PutEvents"] : ["sqs:SendMessage"];
};

const bucketContents = (arn: unknown): unknown => (typeof arn === "string" && arn.includes(":s3:") ? `${arn}/*` : arn);
