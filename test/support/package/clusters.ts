/** Every kind of Kafka that Lambda can read, as the parameters of a stage. */
const account = "eu-central-1:123456789012";
const secret = (name: string) => `arn:aws:secretsmanager:${account}:secret:${name}-AbCdEf`;
const network = { subnets: "subnet-0a1b2c3d4e5f60718", securityGroups: "sg-0a1b2c3d4e5f60718" };
const provisioned = { clusterArn: `arn:aws:kafka:${account}:cluster/prod/11111111-1111-1111-1111-111111111111-1`, ...network };
const ownBrokers = { brokers: "kafka-1.example.com:9093,kafka-2.example.com:9093", ...network };
const confluent = { brokers: "pkc-1a2b3.eu-central-1.aws.confluent.cloud:9092" };

export const clusters = {
  "MSK provisioned, IAM": provisioned,
  "MSK Serverless, IAM": {
    ...provisioned,
    clusterArn: `arn:aws:kafka:${account}:cluster/serverless/22222222-2222-2222-2222-222222222222-s1`,
  },
  "MSK, SCRAM": { ...provisioned, kafkaAuthentication: "scram", kafkaSecret: secret("AmazonMSK_relay") },
  "MSK, mutual TLS": { ...provisioned, kafkaAuthentication: "tls", kafkaSecret: secret("relay-certificate") },
  "MSK of another account, IAM": {
    ...provisioned,
    clusterArn: "arn:aws:kafka:eu-central-1:999999999999:cluster/shared/33333333-3333-3333-3333-333333333333-2",
    vpcConnectionArn: `arn:aws:kafka:${account}:vpc-connection/999999999999/shared/44444444-4444-4444-4444-444444444444-2`,
  },
  "Kafka in a VPC, SCRAM, a private authority": {
    ...ownBrokers,
    kafkaAuthentication: "scram",
    kafkaSecret: secret("kafka-relay"),
    caSecret: secret("kafka-authority"),
  },
  "Kafka in a VPC, mutual TLS": { ...ownBrokers, kafkaAuthentication: "tls", kafkaSecret: secret("relay-certificate") },
  "Confluent Cloud, PLAIN": { ...confluent, kafkaAuthentication: "plain", kafkaSecret: secret("confluent-key") },
  "Confluent Cloud, OAUTHBEARER": {
    ...confluent,
    kafkaAuthentication: "oauthbearer",
    kafkaSecret: secret("confluent-client"),
    mappingSecret: secret("confluent-key"),
    oauthTokenUrl: "https://issuer.example.com/oauth/token",
    oauthExtensions: "logicalCluster=lkc-1a2b3c,identityPoolId=pool-XyZ",
  },
} as const satisfies Readonly<Record<string, Readonly<Record<string, string>>>>;

export type ClusterKind = keyof typeof clusters;

interface Expected {
  /** What the functions know of the brokers. */
  readonly variables: Readonly<Record<string, string>>;
  /** What the mapping of the route strongQuakes reads, and how it signs in. */
  readonly mapping: Readonly<Record<string, unknown>>;
  /** The secrets that the role of a route may read. */
  readonly secrets: readonly string[];
}

const msk = { KAFKA_SSL: "true", MSK_CLUSTER_ARN: provisioned.clusterArn };
const iam = { ...msk, KAFKA_SASL_MECHANISM: "aws-iam" };
const inVpc = [
  { Type: "VPC_SUBNET", URI: "subnet:subnet-0a1b2c3d4e5f60718" },
  { Type: "VPC_SECURITY_GROUP", URI: "security_group:sg-0a1b2c3d4e5f60718" },
];
const servers = (brokers: string) => ({ Endpoints: { KafkaBootstrapServers: brokers.split(",") } });

/** Recorded from AWS's documentation: https://docs.aws.amazon.com/lambda/latest/dg/kafka-cluster-auth.html and with-msk-cross-account.html. */
export const expectedOf: Readonly<Record<ClusterKind, Expected>> = {
  "MSK provisioned, IAM": { variables: iam, mapping: { EventSourceArn: provisioned.clusterArn }, secrets: [] },
  "MSK Serverless, IAM": {
    variables: { ...iam, MSK_CLUSTER_ARN: clusters["MSK Serverless, IAM"].clusterArn },
    mapping: { EventSourceArn: clusters["MSK Serverless, IAM"].clusterArn },
    secrets: [],
  },
  "MSK, SCRAM": {
    variables: { ...msk, KAFKA_SASL_MECHANISM: "scram-sha-512", KAFKA_SASL_SECRET_ARN: secret("AmazonMSK_relay") },
    mapping: {
      EventSourceArn: provisioned.clusterArn,
      SourceAccessConfigurations: [{ Type: "SASL_SCRAM_512_AUTH", URI: secret("AmazonMSK_relay") }],
    },
    secrets: [secret("AmazonMSK_relay")],
  },
  "MSK, mutual TLS": {
    variables: { ...msk, KAFKA_SSL_SECRET_ARN: secret("relay-certificate") },
    mapping: {
      EventSourceArn: provisioned.clusterArn,
      SourceAccessConfigurations: [{ Type: "CLIENT_CERTIFICATE_TLS_AUTH", URI: secret("relay-certificate") }],
    },
    secrets: [secret("relay-certificate")],
  },
  "MSK of another account, IAM": {
    variables: { ...iam, MSK_CLUSTER_ARN: clusters["MSK of another account, IAM"].clusterArn, MSK_NETWORK: "multi-vpc" },
    mapping: { EventSourceArn: clusters["MSK of another account, IAM"].vpcConnectionArn },
    secrets: [],
  },
  "Kafka in a VPC, SCRAM, a private authority": {
    variables: {
      KAFKA_BROKERS: ownBrokers.brokers,
      KAFKA_SSL: "true",
      KAFKA_SASL_MECHANISM: "scram-sha-512",
      KAFKA_SASL_SECRET_ARN: secret("kafka-relay"),
      KAFKA_SSL_CA_SECRET_ARN: secret("kafka-authority"),
    },
    mapping: {
      SelfManagedEventSource: servers(ownBrokers.brokers),
      SourceAccessConfigurations: [
        ...inVpc,
        { Type: "SASL_SCRAM_512_AUTH", URI: secret("kafka-relay") },
        { Type: "SERVER_ROOT_CA_CERTIFICATE", URI: secret("kafka-authority") },
      ],
    },
    secrets: [secret("kafka-authority"), secret("kafka-relay")],
  },
  "Kafka in a VPC, mutual TLS": {
    variables: { KAFKA_BROKERS: ownBrokers.brokers, KAFKA_SSL: "true", KAFKA_SSL_SECRET_ARN: secret("relay-certificate") },
    mapping: {
      SelfManagedEventSource: servers(ownBrokers.brokers),
      SourceAccessConfigurations: [...inVpc, { Type: "CLIENT_CERTIFICATE_TLS_AUTH", URI: secret("relay-certificate") }],
    },
    secrets: [secret("relay-certificate")],
  },
  "Confluent Cloud, PLAIN": {
    variables: {
      KAFKA_BROKERS: confluent.brokers,
      KAFKA_SSL: "true",
      KAFKA_SASL_MECHANISM: "plain",
      KAFKA_SASL_SECRET_ARN: secret("confluent-key"),
    },
    mapping: {
      SelfManagedEventSource: servers(confluent.brokers),
      SourceAccessConfigurations: [{ Type: "BASIC_AUTH", URI: secret("confluent-key") }],
    },
    secrets: [secret("confluent-key")],
  },
  "Confluent Cloud, OAUTHBEARER": {
    variables: {
      KAFKA_BROKERS: confluent.brokers,
      KAFKA_SSL: "true",
      KAFKA_SASL_MECHANISM: "oauthbearer",
      KAFKA_SASL_OAUTH_TOKEN_URL: "https://issuer.example.com/oauth/token",
      KAFKA_SASL_OAUTH_CLIENT_ID: `${secret("confluent-client")}#clientId`,
      KAFKA_SASL_OAUTH_CLIENT_SECRET: `${secret("confluent-client")}#clientSecret`,
      KAFKA_SASL_OAUTH_EXTENSIONS: "logicalCluster=lkc-1a2b3c,identityPoolId=pool-XyZ",
    },
    mapping: {
      SelfManagedEventSource: servers(confluent.brokers),
      SourceAccessConfigurations: [{ Type: "BASIC_AUTH", URI: secret("confluent-key") }],
    },
    secrets: [secret("confluent-client"), secret("confluent-key")],
  },
};
