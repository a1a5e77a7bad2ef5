/** The members of an `msk` or `kafka` event, checked whatever the framework checks, with messages that name the place and what would be right. */
import * as v from "valibot";

/** A whole number that AWS accepts. */
const whole = (min: number, max: number) =>
  v.pipe(
    v.number(`a whole number from ${min} to ${max}`),
    v.check((value) => Number.isInteger(value) && value >= min && value <= max, `a whole number from ${min} to ${max}`),
  );
const wholeOrNone = (min: number, max: number) =>
  v.pipe(
    v.number(`-1, or a whole number from ${min} to ${max}`),
    v.check(
      (value) => value === -1 || (Number.isInteger(value) && value >= min && value <= max),
      `-1, or a whole number from ${min} to ${max}`,
    ),
  );
const flag = v.boolean("true or false");
const text = (what: string) => v.pipe(v.string(what), v.nonEmpty(what));
const oneOf = <const Options extends readonly string[]>(options: Options) => v.picklist(options, listed(options));

/** "a, b or c". */
function listed(options: readonly string[]): string {
  return [options.slice(0, -1).join(", "), options.at(-1)].filter((part) => part !== "").join(" or ");
}

const topic = v.pipe(
  v.string("the name of a topic"),
  v.regex(
    /^[a-zA-Z0-9_-][a-zA-Z0-9._-]{0,248}$/,
    'the name of a topic: 1 to 249 letters, digits, ".", "_" or "-", and the first character is not "."',
  ),
);
/** https://docs.aws.amazon.com/lambda/latest/api/API_AmazonManagedKafkaEventSourceConfig.html */
const groupId = v.pipe(
  v.string("the id of a consumer group"),
  v.regex(/^[a-zA-Z0-9 \-/*:_+=.@]{1,200}$/, "1 to 200 letters, digits, spaces or - / * : _ + = . @"),
);
const intrinsic = v.record(v.string(), v.unknown());
const destinationWords = "kafka://topic, or the ARN of an SQS queue, an SNS topic or an S3 bucket";
const destinationForm = /^(kafka:\/\/[a-zA-Z0-9._-]{1,249}|arn:[^:]+:(sqs|sns|s3):[^:]*:[^:]*:.+)$/;
const destination = v.union(
  [v.pipe(v.string(), v.maxLength(350, destinationWords), v.regex(destinationForm, destinationWords)), intrinsic],
  destinationWords,
);
const pollers = v.strictObject(
  {
    minimumPollers: v.optional(whole(1, 200)),
    maximumPollers: v.optional(whole(1, 2000)),
    pollerGroupName: v.optional(text("the name of a poller group")),
  },
  "{ minimumPollers, maximumPollers, pollerGroupName }",
);

const registryWords = "https://... of a registry with Confluent's API, or the ARN of a registry in AWS Glue";
/** https://docs.aws.amazon.com/lambda/latest/api/API_KafkaSchemaRegistryConfig.html */
const schemaRegistry = v.strictObject(
  {
    schemaRegistryURI: v.union([
      v.pipe(
        v.string(registryWords),
        v.maxLength(10_000, registryWords),
        v.regex(/^(https?:\/\/[^\s/]+|arn:aws[a-z-]*:glue:[^:]*:[^:]*:registry\/.+)/, registryWords),
      ),
      intrinsic,
    ]),
    eventRecordFormat: oneOf(["JSON", "SOURCE"]),
    schemaValidationConfigs: v.pipe(
      v.array(v.strictObject({ attribute: oneOf(["KEY", "VALUE"]) }), "a list of { attribute: KEY } and { attribute: VALUE }"),
      v.check(
        (list) => list.length >= 1 && new Set(list.map(({ attribute }) => attribute)).size === list.length,
        "a list of { attribute: KEY } and { attribute: VALUE }",
      ),
    ),
    accessConfigs: v.optional(
      v.pipe(
        v.array(
          v.strictObject({
            type: oneOf(["BASIC_AUTH", "CLIENT_CERTIFICATE_TLS_AUTH", "SERVER_ROOT_CA_CERTIFICATE", "OAUTHBEARER_AUTH"]),
            uri: v.union([text("the ARN of a secret"), intrinsic]),
          }),
          "a list of { type, uri }",
        ),
        v.maxLength(2, "a list of at most two { type, uri }"),
      ),
    ),
  },
  "{ schemaRegistryURI, eventRecordFormat, schemaValidationConfigs, accessConfigs }",
);

const shared = {
  topic,
  batchSize: v.optional(whole(1, 10_000)),
  maximumBatchingWindow: v.optional(whole(0, 300)),
  startingPosition: v.optional(oneOf(["TRIM_HORIZON", "LATEST", "AT_TIMESTAMP"])),
  startingPositionTimestamp: v.optional(v.pipe(v.number("seconds since 1970"), v.minValue(0, "seconds since 1970"))),
  enabled: v.optional(flag),
  consumerGroupId: v.optional(groupId),
  filterPatterns: v.optional(
    v.pipe(
      v.array(v.unknown(), "a list of 1 to 10 patterns"),
      v.minLength(1, "a list of 1 to 10 patterns"),
      v.maxLength(10, "a list of 1 to 10 patterns"),
    ),
  ),
  maximumRetryAttempts: v.optional(wholeOrNone(0, 10_000)),
  maximumRecordAgeInSeconds: v.optional(wholeOrNone(60, 604_800)),
  bisectBatchOnFunctionError: v.optional(flag),
  functionResponseTypes: v.optional(v.array(oneOf(["ReportBatchItemFailures"]), 'the list ["ReportBatchItemFailures"]')),
  onFailureDestination: v.optional(destination),
  provisionedPollerConfig: v.optional(pollers),
  provisionedPollers: v.optional(
    v.union(
      [
        v.literal(false),
        v.strictObject({ min: v.optional(whole(1, 200)), max: v.optional(whole(1, 2000)), group: v.optional(v.string()) }),
      ],
      "{ min, max, group }, or false",
    ),
  ),
  loggingConfig: v.optional(v.strictObject({ systemLogLevel: oneOf(["DEBUG", "INFO", "WARN"]) })),
  metricsConfig: v.optional(v.strictObject({ metrics: v.array(oneOf(["EventCount", "ErrorCount", "KafkaMetrics"])) })),
  consumptionMode: v.optional(oneOf(["Stream", "Queue"])),
  schemaRegistryConfig: v.optional(schemaRegistry),
};

const clusterWords = "the ARN of a cluster, a Ref, or Fn::ImportValue";
export const mskMembers = v.strictObject({
  ...shared,
  arn: v.union([v.pipe(v.string(), v.startsWith("arn:", clusterWords)), intrinsic], clusterWords),
  saslScram512: v.optional(text("the ARN of a secret")),
});

const serversWords = 'a list of 1 to 10 "host:port"';
const servers = v.pipe(
  v.union([v.string(), v.array(v.string())], serversWords),
  v.transform((value) => (Array.isArray(value) ? value : [value])),
  v.check((list) => list.length >= 1 && list.length <= 10 && list.every((server) => /^[^,\s]+:\d{1,5}$/.test(server)), serversWords),
);
const accessNames = [
  "vpcSubnet",
  "vpcSecurityGroup",
  "saslPlainAuth",
  "saslScram256Auth",
  "saslScram512Auth",
  "clientCertificateTlsAuth",
  "serverRootCaCertificate",
] as const;
const accessWords = `a map of ${accessNames.join(", ")}`;
const access = v.pipe(
  v.record(v.string(), v.unknown(), accessWords),
  v.check((given) => Object.keys(given).every((name) => accessNames.some((known) => known === name)), accessWords),
);
export const kafkaMembers = v.strictObject({ ...shared, bootstrapServers: servers, accessConfigurations: access });

/** What the required members of an event must be, as a fault says it. */
export const neededWords: Readonly<Record<string, string>> = {
  arn: clusterWords,
  topic: "the name of a topic",
  bootstrapServers: serversWords,
  accessConfigurations: accessWords,
};

type MskDeclaration = v.InferOutput<typeof mskMembers>;
type KafkaDeclaration = v.InferOutput<typeof kafkaMembers>;
export type Declaration = MskDeclaration | KafkaDeclaration;

/** Members that the framework's own events do not have. */
export const extraMembers = [
  "maximumRetryAttempts",
  "maximumRecordAgeInSeconds",
  "bisectBatchOnFunctionError",
  "functionResponseTypes",
  "onFailureDestination",
  "provisionedPollerConfig",
  "provisionedPollers",
  "consumerGroupId",
  "filterPatterns",
  "enabled",
  "loggingConfig",
  "metricsConfig",
  "consumptionMode",
  "schemaRegistryConfig",
] as const;
