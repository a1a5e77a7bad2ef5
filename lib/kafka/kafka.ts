/** A Kafka cluster as this project uses it: made once an environment, on first use. */
import type { Config } from "../config.js";
import type { Deadline } from "../deadline.js";
import { RelayError } from "../errors.js";
import type { ReadSecret } from "../secrets.js";
import { createClusterIdentity } from "./cluster-identity.js";
import type { Connection } from "./connection.js";
import { createConnection } from "./kafkajs/connection.js";
import { createMetadata } from "./metadata.js";
import { brokersOf, mskTokensOf } from "./msk/environment.js";
import { oauthBearerOf } from "./oauthbearer.js";
import { toPem } from "./pem.js";
import type { Kafka } from "./port.js";
import { createProducer } from "./produce/producer.js";
import { createReader } from "./read/reader.js";
import type { TopicName } from "./records.js";
import type { SaslLogin, SaslOptions, TlsOptions } from "./security.js";
import { confineToPrefix } from "./topic-prefix.js";

export type { Kafka } from "./port.js";

export interface KafkaOptions {
  /** "host:port" each; a function is asked on first use. */
  readonly brokers: readonly string[] | (() => Promise<readonly string[]>);
  readonly clientId: string;
  readonly tls?: TlsOptions;
  readonly sasl?: SaslOptions;
  readonly connectTimeoutMs: number;
  /** How long a broker that was asked may keep silent. */
  readonly requestTimeoutMs: number;
  readonly idempotence: boolean;
  readonly compression: "none" | "gzip";
  /** Does producing to a topic that does not exist create it, with the brokers' defaults? */
  readonly autoCreateTopics: boolean;
  /** Topics and groups that do not begin with it cannot be reached. Absent: all can. */
  readonly topicPrefix?: string | undefined;
}

export function createKafka(options: KafkaOptions): Kafka {
  const { brokers, clientId, tls, sasl, connectTimeoutMs, requestTimeoutMs, topicPrefix = "" } = options;
  const identity = createClusterIdentity();
  const shared = {
    identity,
    brokers,
    clientId,
    connectTimeoutMs,
    ...(tls === undefined ? {} : { tls }),
    ...(sasl === undefined ? {} : { sasl }),
  };
  const connection = confineToPrefix(createConnection({ ...shared, silenceMaxMs: requestTimeoutMs }), topicPrefix);
  const opened = new Set<Connection>();
  const metadata = createMetadata(connection, identity);
  const openConnection = (): Connection => {
    const another = confineToPrefix(createConnection({ ...shared, silenceMaxMs: undefined }), topicPrefix);
    const own: Connection = {
      ...another,
      close: () => {
        opened.delete(own);
        return another.close();
      },
    };
    opened.add(own);
    return own;
  };
  const createTopic = async (topic: TopicName, deadline: Deadline) => {
    const { createTopics } = await import("./admin/topics.js");
    const [created] = await createTopics(kafka, [{ name: topic }], deadline);
    if (created instanceof RelayError && created.code !== "topic-exists") throw created;
  };
  const kafka: Kafka = {
    identity,
    connection,
    metadata,
    producer: createProducer(
      { connection, metadata, identity },
      {
        idempotence: options.idempotence,
        compression: options.compression,
        ackTimeoutMs: requestTimeoutMs * ackShare,
        ...(options.autoCreateTopics ? { createTopic } : {}),
      },
    ),
    reader: createReader({ connection, metadata, openConnection }),
    openConnection,
    close: async () => {
      await Promise.all([kafka.producer, connection, ...opened].map((one) => one.close()));
    },
  };
  return kafka;
}

/** A leader answers what it could not replicate in time before we give it up as silent. */
const ackShare = 0.75;

/** What the environment says of the cluster. `token` gives the tokens of `oauthbearer` where no token server is asked; those of `aws-iam` we sign ourselves. */
export function toKafkaOptions(config: Config, token?: () => Promise<string>): KafkaOptions {
  const sasl = toSasl(config, token);
  const tls = toTls(config);
  return {
    brokers: brokersOf(config),
    clientId: config.KAFKA_CLIENT_ID,
    ...(tls === undefined ? {} : { tls }),
    ...(sasl === undefined ? {} : { sasl }),
    connectTimeoutMs: config.KAFKA_CONNECT_TIMEOUT_MS,
    requestTimeoutMs: config.KAFKA_REQUEST_TIMEOUT_MS,
    idempotence: config.KAFKA_IDEMPOTENCE === "on",
    compression: config.KAFKA_COMPRESSION,
    autoCreateTopics: config.KAFKA_AUTO_CREATE_TOPICS,
  };
}

/** IAM is spoken over TLS alone. */
function toTls(config: Config): TlsOptions | undefined {
  if (!config.KAFKA_SSL && config.KAFKA_SASL_MECHANISM !== "aws-iam") return undefined;
  const given = { ca: config.KAFKA_SSL_CA, cert: config.KAFKA_SSL_CERT, key: config.KAFKA_SSL_KEY };
  const { KAFKA_SSL_SECRET_ARN: identityArn, KAFKA_SSL_CA_SECRET_ARN: authorityArn } = config;
  return {
    ...Object.fromEntries(Object.entries(given).flatMap(([name, text]) => (text === undefined ? [] : [[name, toPem(text)]]))),
    ...(identityArn === undefined && authorityArn === undefined ? {} : { secrets: tlsSecrets(identityArn, authorityArn) }),
  };
}

function toSasl(config: Config, token: (() => Promise<string>) | undefined): SaslOptions | undefined {
  const { KAFKA_SASL_MECHANISM: mechanism, KAFKA_SASL_USERNAME: username, KAFKA_SASL_PASSWORD: password } = config;
  if (mechanism === undefined) return undefined;
  if (mechanism === "aws-iam") return { mechanism: "oauthbearer", token: token ?? mskTokensOf(config) };
  if (mechanism === "oauthbearer") return token === undefined ? oauthBearerOf(config) : { mechanism, token };
  if (config.KAFKA_SASL_SECRET_ARN !== undefined) return { mechanism, login: loginFrom(config.KAFKA_SASL_SECRET_ARN) };
  if (username === undefined || password === undefined) {
    throw new RelayError(
      "bad-configuration",
      `KAFKA_SASL_MECHANISM ${mechanism} needs KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD, or KAFKA_SASL_SECRET_ARN.`,
    );
  }
  return { mechanism, username, password };
}

function tlsSecrets(identityArn: string | undefined, authorityArn: string | undefined): NonNullable<TlsOptions["secrets"]> {
  let read: TlsOptions["secrets"];
  return async () => {
    read ??= (await import("./tls-secrets.js")).createTlsSecrets(identityArn, authorityArn);
    return read();
  };
}

/** A secret as Amazon MSK asks for it: JSON with a username and a password. */
function loginFrom(arn: string): (options: { readonly refresh: boolean }) => Promise<SaslLogin> {
  let secrets: ReadSecret | undefined;
  return async (options) => {
    secrets ??= (await import("../secrets.js")).createSecrets();
    const username = await secrets(`${arn}#username`, options);
    return { username, password: await secrets(`${arn}#password`) };
  };
}
