/** What each operation of the API accepts and answers. `npm run openapi` writes this file from the API's description. */

type Problem = { readonly error_code: number; readonly message: string; readonly type: string; readonly title: string; readonly status: number; readonly retriable: boolean; readonly maybe_written: boolean };

type GetHealthAnswer = { readonly status: "up" | "down"; readonly kafka: { readonly status: "up" | "down"; readonly cluster_id?: string; readonly brokers?: number; readonly message?: string } };

type PostConsumersGroupInstancesInstanceAssignmentsBody = { readonly partitions: readonly { readonly topic: string; readonly partition: number }[] };

type PostConsumersGroupInstancesInstancePositionsBody = { readonly offsets?: readonly ({ readonly topic: string; readonly partition: number; readonly offset: number; readonly metadata?: string | null })[] | null; readonly timestamps?: readonly ({ readonly topic: string; readonly partition: number; readonly timestamp: number | string; readonly metadata?: string | null })[] | null };

type PostConsumersGroupInstancesInstanceSubscriptionBody = { readonly topics?: readonly string[] | null; readonly topic_pattern?: string | null };

type PostTopicsTopicJsonBody = { readonly records: readonly ({ readonly key?: unknown; readonly value?: unknown; readonly partition?: number | null; readonly headers?: readonly ({ readonly name: string; readonly value?: string | null })[] | null; readonly timestamp?: number | string | null })[]; readonly key_schema?: unknown; readonly key_schema_id?: unknown; readonly value_schema?: unknown; readonly value_schema_id?: unknown };

type PostTopicsTopicBinaryBody = { readonly records: readonly ({ readonly key?: string | null; readonly value?: string | null; readonly partition?: number | null; readonly headers?: readonly ({ readonly name: string; readonly value?: string | null })[] | null; readonly timestamp?: number | string | null })[]; readonly key_schema?: unknown; readonly key_schema_id?: unknown; readonly value_schema?: unknown; readonly value_schema_id?: unknown };

type PostTopicsTopicTextBody = { readonly records: readonly ({ readonly key?: string | null; readonly value?: string | null; readonly partition?: number | null; readonly headers?: readonly ({ readonly name: string; readonly value?: string | null })[] | null; readonly timestamp?: number | string | null })[]; readonly key_schema?: unknown; readonly key_schema_id?: unknown; readonly value_schema?: unknown; readonly value_schema_id?: unknown };

type PostTopicsTopicAvroBody = { readonly records: readonly ({ readonly key?: unknown; readonly value?: unknown; readonly partition?: number | null; readonly headers?: readonly ({ readonly name: string; readonly value?: string | null })[] | null; readonly timestamp?: number | string | null })[]; readonly key_schema?: string | null; readonly key_schema_id?: number | null; readonly value_schema?: string | null; readonly value_schema_id?: number | null };

type PostTopicsTopicJsonschemaBody = { readonly records: readonly ({ readonly key?: unknown; readonly value?: unknown; readonly partition?: number | null; readonly headers?: readonly ({ readonly name: string; readonly value?: string | null })[] | null; readonly timestamp?: number | string | null })[]; readonly key_schema?: string | null; readonly key_schema_id?: number | null; readonly value_schema?: string | null; readonly value_schema_id?: number | null };

type PostTopicsTopicProtobufBody = { readonly records: readonly ({ readonly key?: unknown; readonly value?: unknown; readonly partition?: number | null; readonly headers?: readonly ({ readonly name: string; readonly value?: string | null })[] | null; readonly timestamp?: number | string | null })[]; readonly key_schema?: string | null; readonly key_schema_id?: number | null; readonly value_schema?: string | null; readonly value_schema_id?: number | null };

type PostTopicsTopicAnswer = { readonly offsets: readonly ({ readonly partition: number; readonly offset: number; readonly error_code: null; readonly error: null } | { readonly partition: null; readonly offset: null; readonly error: string; readonly error_code: number; readonly retriable: boolean; readonly maybe_written: boolean })[]; readonly key_schema_id: number | null; readonly value_schema_id: number | null };

type PostTopicsTopicEventsCloudeventsBody = { readonly specversion: "1.0"; readonly id: string; readonly source: string; readonly type: string; readonly subject?: string | null; readonly time?: string | null; readonly datacontenttype?: string | null; readonly dataschema?: string | null; readonly partitionkey?: string | null; readonly data?: unknown; readonly data_base64?: string | null };

type PostTopicsTopicEventsCloudeventsBatchBody = readonly ({ readonly specversion: "1.0"; readonly id: string; readonly source: string; readonly type: string; readonly subject?: string | null; readonly time?: string | null; readonly datacontenttype?: string | null; readonly dataschema?: string | null; readonly partitionkey?: string | null; readonly data?: unknown; readonly data_base64?: string | null })[];

type PostTopicsTopicEventsAnswer = { readonly events: readonly ({ readonly index: number; readonly partition: number; readonly offset: number } | { readonly index: number; readonly error: string; readonly error_code: number; readonly retriable: boolean; readonly maybe_written: boolean })[] };

type PostTopicsTopicPartitionsPartitionJsonBody = { readonly records: readonly ({ readonly key?: unknown; readonly value?: unknown; readonly partition?: number | null; readonly headers?: readonly ({ readonly name: string; readonly value?: string | null })[] | null; readonly timestamp?: number | string | null })[]; readonly key_schema?: unknown; readonly key_schema_id?: unknown; readonly value_schema?: unknown; readonly value_schema_id?: unknown };

type PostTopicsTopicPartitionsPartitionBinaryBody = { readonly records: readonly ({ readonly key?: string | null; readonly value?: string | null; readonly partition?: number | null; readonly headers?: readonly ({ readonly name: string; readonly value?: string | null })[] | null; readonly timestamp?: number | string | null })[]; readonly key_schema?: unknown; readonly key_schema_id?: unknown; readonly value_schema?: unknown; readonly value_schema_id?: unknown };

type PostTopicsTopicPartitionsPartitionTextBody = { readonly records: readonly ({ readonly key?: string | null; readonly value?: string | null; readonly partition?: number | null; readonly headers?: readonly ({ readonly name: string; readonly value?: string | null })[] | null; readonly timestamp?: number | string | null })[]; readonly key_schema?: unknown; readonly key_schema_id?: unknown; readonly value_schema?: unknown; readonly value_schema_id?: unknown };

type PostTopicsTopicPartitionsPartitionAvroBody = { readonly records: readonly ({ readonly key?: unknown; readonly value?: unknown; readonly partition?: number | null; readonly headers?: readonly ({ readonly name: string; readonly value?: string | null })[] | null; readonly timestamp?: number | string | null })[]; readonly key_schema?: string | null; readonly key_schema_id?: number | null; readonly value_schema?: string | null; readonly value_schema_id?: number | null };

type PostTopicsTopicPartitionsPartitionJsonschemaBody = { readonly records: readonly ({ readonly key?: unknown; readonly value?: unknown; readonly partition?: number | null; readonly headers?: readonly ({ readonly name: string; readonly value?: string | null })[] | null; readonly timestamp?: number | string | null })[]; readonly key_schema?: string | null; readonly key_schema_id?: number | null; readonly value_schema?: string | null; readonly value_schema_id?: number | null };

type PostTopicsTopicPartitionsPartitionProtobufBody = { readonly records: readonly ({ readonly key?: unknown; readonly value?: unknown; readonly partition?: number | null; readonly headers?: readonly ({ readonly name: string; readonly value?: string | null })[] | null; readonly timestamp?: number | string | null })[]; readonly key_schema?: string | null; readonly key_schema_id?: number | null; readonly value_schema?: string | null; readonly value_schema_id?: number | null };

type PostTopicsTopicPartitionsPartitionAnswer = { readonly offsets: readonly ({ readonly partition: number; readonly offset: number; readonly error_code: null; readonly error: null } | { readonly partition: null; readonly offset: null; readonly error: string; readonly error_code: number; readonly retriable: boolean; readonly maybe_written: boolean })[]; readonly key_schema_id: number | null; readonly value_schema_id: number | null };

type PostV3ClustersClusterIdTopicsAnswer = { readonly kind: "KafkaTopic"; readonly metadata: { readonly self: string; readonly resource_name?: string }; readonly cluster_id: string; readonly topic_name: string; readonly is_internal: boolean; readonly replication_factor: number; readonly partitions_count: number; readonly partitions: { readonly related: string }; readonly configs: { readonly related: string }; readonly partition_reassignments: { readonly related: string }; readonly authorized_operations: readonly string[] };

type JsonData = { readonly type: "JSON"; readonly data?: unknown };

type BinaryData = { readonly type: "BINARY"; readonly data?: string | null };

type StringData = { readonly type: "STRING"; readonly data?: string | null };

type DataWithSchemaId = { readonly schema_id: number; readonly subject?: string | null; readonly data: unknown };

type DataWithSchemaVersion = { readonly schema_version?: number | null; readonly subject?: string | null; readonly data: unknown };

type DataWithSchema = { readonly type: "AVRO" | "JSONSCHEMA" | "PROTOBUF"; readonly schema: string; readonly subject?: string | null; readonly data: unknown };

type DataWithSchemaIdAndStrategy = { readonly schema_id: number; readonly subject_name_strategy: "TOPIC_NAME" | "RECORD_NAME" | "TOPIC_RECORD_NAME"; readonly data: unknown };

type DataWithSchemaVersionAndStrategy = { readonly schema_version?: number | null; readonly subject_name_strategy: "TOPIC_NAME" | "RECORD_NAME" | "TOPIC_RECORD_NAME"; readonly data: unknown };

type DataWithSchemaAndStrategy = { readonly type: "AVRO" | "JSONSCHEMA" | "PROTOBUF"; readonly schema: string; readonly subject_name_strategy: "TOPIC_NAME" | "RECORD_NAME" | "TOPIC_RECORD_NAME"; readonly data: unknown };

type WrittenData = { readonly type: "BINARY" | "STRING" | "JSON"; readonly size: number };

type WrittenDataWithSchema = { readonly type: "AVRO" | "JSONSCHEMA" | "PROTOBUF"; readonly subject: string; readonly schema_id: number; readonly schema_version: number; readonly size: number };

type PostV3ClustersClusterIdTopicsTopicRecordsAnswer = { readonly error_code: 200; readonly cluster_id: string; readonly topic_name: string; readonly partition_id: number; readonly offset: number; readonly timestamp: string; readonly key?: WrittenData | WrittenDataWithSchema; readonly value?: WrittenData | WrittenDataWithSchema } | { readonly error_code: number; readonly retriable: boolean; readonly maybe_written: boolean; readonly message: string };

type PostV3ClustersClusterIdTopicsTopicRecordsBatchAnswer = { readonly successes: readonly ({ readonly id: string; readonly cluster_id: string; readonly topic_name: string; readonly partition_id: number; readonly offset: number; readonly timestamp: string; readonly key?: WrittenData | WrittenDataWithSchema; readonly value?: WrittenData | WrittenDataWithSchema })[]; readonly failures: readonly { readonly id: string; readonly error_code: number; readonly retriable: boolean; readonly maybe_written: boolean; readonly message: string }[] };

export type ApiProblem = Problem;

export interface ApiOperations {
  /** Delete a consumer instance. If auto-commit is on, it commits what it has returned; then it leaves its group. */
  "DELETE /consumers/{group}/instances/{instance}": {
    readonly path: { readonly group: string | number; readonly instance: string | number };
    readonly query: Readonly<Record<never, never>>;
    readonly body: undefined;
    readonly answer: undefined;
  };
  /** End the subscription or the assignment of an instance. The instance leaves its group. */
  "DELETE /consumers/{group}/instances/{instance}/subscription": {
    readonly path: { readonly group: string | number; readonly instance: string | number };
    readonly query: Readonly<Record<never, never>>;
    readonly body: undefined;
    readonly answer: undefined;
  };
  /** List the topics that an instance is subscribed to. */
  "GET /consumers/{group}/instances/{instance}/subscription": {
    readonly path: { readonly group: string | number; readonly instance: string | number };
    readonly query: Readonly<Record<never, never>>;
    readonly body: undefined;
    readonly answer: { readonly topics: readonly string[] };
  };
  /** Subscribe to topics by name, or to those whose names match a pattern. This replaces the current subscription. */
  "POST /consumers/{group}/instances/{instance}/subscription": {
    readonly path: { readonly group: string | number; readonly instance: string | number };
    readonly query: Readonly<Record<never, never>>;
    readonly body: PostConsumersGroupInstancesInstanceSubscriptionBody;
    readonly answer: undefined;
  };
  /** Delete the ACLs that match a search, and return them. */
  "DELETE /v3/clusters/{cluster_id}/acls": {
    readonly path: { readonly cluster_id: string | number };
    readonly query: { readonly resource_type?: string | number | boolean; readonly resource_name?: string | number | boolean; readonly pattern_type?: string | number | boolean; readonly principal?: string | number | boolean; readonly host?: string | number | boolean; readonly operation?: string | number | boolean; readonly permission?: string | number | boolean };
    readonly body: undefined;
    readonly answer: { readonly data: readonly { readonly kind: "KafkaAcl"; readonly metadata: { readonly self: string; readonly resource_name?: string }; readonly cluster_id: string; readonly resource_type: string; readonly resource_name: string; readonly pattern_type: string; readonly principal: string; readonly host: string; readonly operation: string; readonly permission: string }[] };
  };
  /** List the ACLs that match a search. */
  "GET /v3/clusters/{cluster_id}/acls": {
    readonly path: { readonly cluster_id: string | number };
    readonly query: { readonly resource_type?: string | number | boolean; readonly resource_name?: string | number | boolean; readonly pattern_type?: string | number | boolean; readonly principal?: string | number | boolean; readonly host?: string | number | boolean; readonly operation?: string | number | boolean; readonly permission?: string | number | boolean };
    readonly body: undefined;
    readonly answer: { readonly kind: "KafkaAclList"; readonly metadata: { readonly self: string; readonly next: null }; readonly data: readonly { readonly kind: "KafkaAcl"; readonly metadata: { readonly self: string; readonly resource_name?: string }; readonly cluster_id: string; readonly resource_type: string; readonly resource_name: string; readonly pattern_type: string; readonly principal: string; readonly host: string; readonly operation: string; readonly permission: string }[] };
  };
  /** Create an ACL. */
  "POST /v3/clusters/{cluster_id}/acls": {
    readonly path: { readonly cluster_id: string | number };
    readonly query: Readonly<Record<never, never>>;
    readonly body: { readonly resource_type: string; readonly resource_name: string; readonly pattern_type: string; readonly principal: string; readonly host: string; readonly operation: string; readonly permission: string };
    readonly answer: undefined;
  };
  /** Reset a setting that is set for all brokers. */
  "DELETE /v3/clusters/{cluster_id}/broker-configs/{name}": {
    readonly path: { readonly cluster_id: string | number; readonly name: string | number };
    readonly query: Readonly<Record<never, never>>;
    readonly body: undefined;
    readonly answer: undefined;
  };
  /** Get a setting that is set for all brokers. */
  "GET /v3/clusters/{cluster_id}/broker-configs/{name}": {
    readonly path: { readonly cluster_id: string | number; readonly name: string | number };
    readonly query: Readonly<Record<never, never>>;
    readonly body: undefined;
    readonly answer: { readonly kind: "KafkaClusterConfig"; readonly metadata: { readonly self: string; readonly resource_name?: string }; readonly cluster_id: string; readonly name: string; readonly value: string | null; readonly is_default: boolean; readonly is_read_only: boolean; readonly is_sensitive: boolean; readonly source: string; readonly synonyms: readonly ({ readonly name: string; readonly value: string | null; readonly source: string })[]; readonly config_type: "BROKER" };
  };
  /** Set a setting for all brokers. */
  "PUT /v3/clusters/{cluster_id}/broker-configs/{name}": {
    readonly path: { readonly cluster_id: string | number; readonly name: string | number };
    readonly query: Readonly<Record<never, never>>;
    readonly body: { readonly value?: string | number | boolean | null };
    readonly answer: undefined;
  };
  /** Reset a setting of a broker to its default. */
  "DELETE /v3/clusters/{cluster_id}/brokers/{broker}/configs/{name}": {
    readonly path: { readonly cluster_id: string | number; readonly broker: string | number; readonly name: string | number };
    readonly query: Readonly<Record<never, never>>;
    readonly body: undefined;
    readonly answer: undefined;
  };
  /** Get a setting of a broker. */
  "GET /v3/clusters/{cluster_id}/brokers/{broker}/configs/{name}": {
    readonly path: { readonly cluster_id: string | number; readonly broker: string | number; readonly name: string | number };
    readonly query: Readonly<Record<never, never>>;
    readonly body: undefined;
    readonly answer: { readonly kind: "KafkaBrokerConfig"; readonly metadata: { readonly self: string; readonly resource_name?: string }; readonly cluster_id: string; readonly name: string; readonly value: string | null; readonly is_default: boolean; readonly is_read_only: boolean; readonly is_sensitive: boolean; readonly source: string; readonly synonyms: readonly ({ readonly name: string; readonly value: string | null; readonly source: string })[]; readonly broker_id: number };
  };
  /** Set a setting of a broker. */
  "PUT /v3/clusters/{cluster_id}/brokers/{broker}/configs/{name}": {
    readonly path: { readonly cluster_id: string | number; readonly broker: string | number; readonly name: string | number };
    readonly query: Readonly<Record<never, never>>;
    readonly body: { readonly value?: string | number | boolean | null };
    readonly answer: undefined;
  };
  /** Delete a group and its committed offsets. The group must have no members. */
  "DELETE /v3/clusters/{cluster_id}/consumer-groups/{group}": {
    readonly path: { readonly cluster_id: string | number; readonly group: string | number };
    readonly query: { readonly group_id?: string | number | boolean };
    readonly body: undefined;
    readonly answer: undefined;
  };
  /** Describe a group. */
  "GET /v3/clusters/{cluster_id}/consumer-groups/{group}": {
    readonly path: { readonly cluster_id: string | number; readonly group: string | number };
    readonly query: { readonly group_id?: string | number | boolean };
    readonly body: undefined;
    readonly answer: { readonly kind: "KafkaConsumerGroup"; readonly metadata: { readonly self: string; readonly resource_name?: string }; readonly cluster_id: string; readonly consumer_group_id: string; readonly is_simple: boolean; readonly partition_assignor: string; readonly state: string; readonly type: string; readonly is_mixed_consumer_group: boolean; readonly coordinator: { readonly related: string } | null; readonly consumers: { readonly related: string }; readonly lag_summary: { readonly related: string } };
  };
  /** Delete the offsets that a group has committed for a topic. The group must not be reading that topic. */
  "DELETE /v3/clusters/{cluster_id}/consumer-groups/{group}/offsets/{topic}": {
    readonly path: { readonly cluster_id: string | number; readonly group: string | number; readonly topic: string | number };
    readonly query: { readonly group_id?: string | number | boolean };
    readonly body: undefined;
    readonly answer: undefined;
  };
  /** Delete a topic and its records. */
  "DELETE /v3/clusters/{cluster_id}/topics/{topic}": {
    readonly path: { readonly cluster_id: string | number; readonly topic: string | number };
    readonly query: Readonly<Record<never, never>>;
    readonly body: undefined;
    readonly answer: undefined;
  };
  /** Describe a topic. */
  "GET /v3/clusters/{cluster_id}/topics/{topic}": {
    readonly path: { readonly cluster_id: string | number; readonly topic: string | number };
    readonly query: { readonly include_authorized_operations?: string | number | boolean; readonly includeAuthorizedOperations?: string | number | boolean };
    readonly body: undefined;
    readonly answer: { readonly kind: "KafkaTopic"; readonly metadata: { readonly self: string; readonly resource_name?: string }; readonly cluster_id: string; readonly topic_name: string; readonly is_internal: boolean; readonly replication_factor: number; readonly partitions_count: number; readonly partitions: { readonly related: string }; readonly configs: { readonly related: string }; readonly partition_reassignments: { readonly related: string }; readonly authorized_operations: readonly string[] };
  };
  /** Add partitions to a topic. */
  "PATCH /v3/clusters/{cluster_id}/topics/{topic}": {
    readonly path: { readonly cluster_id: string | number; readonly topic: string | number };
    readonly query: Readonly<Record<never, never>>;
    readonly body: { readonly partitions_count: number };
    readonly answer: { readonly kind: "KafkaTopic"; readonly metadata: { readonly self: string; readonly resource_name?: string }; readonly cluster_id: string; readonly topic_name: string; readonly is_internal: boolean; readonly replication_factor: number; readonly partitions_count: number; readonly partitions: { readonly related: string }; readonly configs: { readonly related: string }; readonly partition_reassignments: { readonly related: string }; readonly authorized_operations: readonly string[] };
  };
  /** Reset a setting of a topic to its default. */
  "DELETE /v3/clusters/{cluster_id}/topics/{topic}/configs/{name}": {
    readonly path: { readonly cluster_id: string | number; readonly topic: string | number; readonly name: string | number };
    readonly query: Readonly<Record<never, never>>;
    readonly body: undefined;
    readonly answer: undefined;
  };
  /** Get a setting of a topic. */
  "GET /v3/clusters/{cluster_id}/topics/{topic}/configs/{name}": {
    readonly path: { readonly cluster_id: string | number; readonly topic: string | number; readonly name: string | number };
    readonly query: Readonly<Record<never, never>>;
    readonly body: undefined;
    readonly answer: { readonly kind: "KafkaTopicConfig"; readonly metadata: { readonly self: string; readonly resource_name?: string }; readonly cluster_id: string; readonly name: string; readonly value: string | null; readonly is_default: boolean; readonly is_read_only: boolean; readonly is_sensitive: boolean; readonly source: string; readonly synonyms: readonly ({ readonly name: string; readonly value: string | null; readonly source: string })[]; readonly topic_name: string };
  };
  /** Set a setting of a topic. */
  "PUT /v3/clusters/{cluster_id}/topics/{topic}/configs/{name}": {
    readonly path: { readonly cluster_id: string | number; readonly topic: string | number; readonly name: string | number };
    readonly query: Readonly<Record<never, never>>;
    readonly body: { readonly value?: string | number | boolean | null };
    readonly answer: undefined;
  };
  /** Return an empty object, to show that the API is running. */
  "GET /": {
    readonly path: Readonly<Record<never, never>>;
    readonly query: Readonly<Record<never, never>>;
    readonly body: undefined;
    readonly answer: { readonly [name: string]: unknown };
  };
  /** Return an empty object, to show that the API is running. */
  "POST /": {
    readonly path: Readonly<Record<never, never>>;
    readonly query: Readonly<Record<never, never>>;
    readonly body: undefined;
    readonly answer: { readonly [name: string]: unknown };
  };
  /** List the ids of the brokers. */
  "GET /brokers": {
    readonly path: Readonly<Record<never, never>>;
    readonly query: Readonly<Record<never, never>>;
    readonly body: undefined;
    readonly answer: { readonly brokers: readonly number[] };
  };
  /** Get the state, the Kafka version and the number of brokers of the Amazon MSK cluster. */
  "GET /cluster": {
    readonly path: Readonly<Record<never, never>>;
    readonly query: Readonly<Record<never, never>>;
    readonly body: undefined;
    readonly answer: { readonly cluster_arn: string; readonly cluster_name: string | null; readonly type: "PROVISIONED" | "SERVERLESS" | null; readonly state: string | null; readonly kafka_version: string | null; readonly broker_nodes: number | null; readonly instance_type: string | null };
  };
  /** Get the page of the console. */
  "GET /console": {
    readonly path: Readonly<Record<never, never>>;
    readonly query: Readonly<Record<never, never>>;
    readonly body: undefined;
    readonly answer: undefined;
  };
  /** Get a file of the console's page. */
  "GET /console/assets/{file}": {
    readonly path: { readonly file: string | number };
    readonly query: Readonly<Record<never, never>>;
    readonly body: undefined;
    readonly answer: undefined;
  };
  /** List the partitions that an instance currently reads. */
  "GET /consumers/{group}/instances/{instance}/assignments": {
    readonly path: { readonly group: string | number; readonly instance: string | number };
    readonly query: Readonly<Record<never, never>>;
    readonly body: undefined;
    readonly answer: { readonly partitions: readonly { readonly topic: string; readonly partition: number }[] };
  };
  /** Assign partitions to an instance directly, without using its group to distribute them. */
  "POST /consumers/{group}/instances/{instance}/assignments": {
    readonly path: { readonly group: string | number; readonly instance: string | number };
    readonly query: Readonly<Record<never, never>>;
    readonly body: PostConsumersGroupInstancesInstanceAssignmentsBody;
    readonly answer: undefined;
  };
  /** Return the committed offsets of the partitions in the body or the query, or of all that the instance reads. */
  "GET /consumers/{group}/instances/{instance}/offsets": {
    readonly path: { readonly group: string | number; readonly instance: string | number };
    readonly query: { readonly partitions?: string | number | boolean };
    readonly body: { readonly partitions: readonly { readonly topic: string; readonly partition: number }[] };
    readonly answer: { readonly offsets: readonly { readonly topic: string; readonly partition: number; readonly offset: number; readonly metadata: string }[] };
  };
  /** Commit the offsets of the last processed records or, without a body, of all records that were returned. */
  "POST /consumers/{group}/instances/{instance}/offsets": {
    readonly path: { readonly group: string | number; readonly instance: string | number };
    readonly query: { readonly async?: string | number | boolean };
    readonly body: { readonly offsets?: readonly ({ readonly topic: string; readonly partition: number; readonly offset: number; readonly metadata?: string | null })[] | null };
    readonly answer: { readonly offsets: readonly { readonly topic: string; readonly partition: number; readonly offset: number; readonly metadata: string }[] };
  };
  /** Return the next records. Wait for them for a limited time. */
  "GET /consumers/{group}/instances/{instance}/records": {
    readonly path: { readonly group: string | number; readonly instance: string | number };
    readonly query: { readonly timeout?: string | number | boolean; readonly max_bytes?: string | number | boolean };
    readonly body: undefined;
    readonly answer: readonly { readonly topic: string; readonly key: unknown; readonly value: unknown; readonly partition: number; readonly offset: number }[];
  };
  /** List the dead letters of a dead letter topic, without their records. */
  "GET /dead-letters/{topic}": {
    readonly path: { readonly topic: string | number };
    readonly query: { readonly route?: string | number | boolean; readonly code?: string | number | boolean; readonly from?: string | number | boolean; readonly to?: string | number | boolean; readonly state?: "open" | "redriven" | "discarded" | "any"; readonly limit?: string | number | boolean; readonly after?: string | number | boolean };
    readonly body: undefined;
    readonly answer: { readonly letters: readonly ({ readonly partition: number; readonly offset: number; readonly state: "open" | "redriven" | "discarded"; readonly state_since?: string; readonly redriven_to?: string; readonly written_by: string; readonly route?: string; readonly target?: string; readonly code?: string; readonly message?: string; readonly stage?: string; readonly status?: string; readonly attempts?: number; readonly first_time?: string; readonly last_time: string; readonly redrives: number; readonly origin?: { readonly topic: string; readonly partition: number; readonly offset: number } })[]; readonly next_after: string | null };
  };
  /** Get one dead letter: why it was written, and the original record. */
  "GET /dead-letters/{topic}/{partition}/{offset}": {
    readonly path: { readonly topic: string | number; readonly partition: string | number; readonly offset: string | number };
    readonly query: Readonly<Record<never, never>>;
    readonly body: undefined;
    readonly answer: { readonly partition: number; readonly offset: number; readonly state: "open" | "redriven" | "discarded"; readonly state_since?: string; readonly redriven_to?: string; readonly written_by: string; readonly route?: string; readonly target?: string; readonly code?: string; readonly message?: string; readonly stage?: string; readonly status?: string; readonly attempts?: number; readonly first_time?: string; readonly last_time: string; readonly redrives: number; readonly origin?: { readonly topic: string; readonly partition: number; readonly offset: number }; readonly answer?: string; readonly record: { readonly key: { readonly text?: string; readonly base64?: string } | null; readonly value: { readonly text?: string; readonly base64?: string } | null; readonly headers: readonly ({ readonly name: string; readonly value: { readonly text?: string; readonly base64?: string } | null })[]; readonly timestamp: number } };
  };
  /** Check whether the service is up and can reach a broker within two seconds. */
  "GET /health": {
    readonly path: Readonly<Record<never, never>>;
    readonly query: Readonly<Record<never, never>>;
    readonly body: undefined;
    readonly answer: GetHealthAnswer;
  };
  /** Get this description of the API. */
  "GET /openapi.json": {
    readonly path: Readonly<Record<never, never>>;
    readonly query: Readonly<Record<never, never>>;
    readonly body: undefined;
    readonly answer: { readonly openapi: string };
  };
  /** List what the caller may do, and on which topics, groups and routes. */
  "GET /permissions": {
    readonly path: Readonly<Record<never, never>>;
    readonly query: Readonly<Record<never, never>>;
    readonly body: undefined;
    readonly answer: { readonly caller: { readonly kind: "anonymous" | "iam" | "jwt"; readonly name: string }; readonly permissions: readonly ({ readonly may: string; readonly on: readonly string[] | null })[]; readonly topic_prefix: string };
  };
  /** List the routes: what each does, its state, counts, recent failures, positions and lag. */
  "GET /routes": {
    readonly path: Readonly<Record<never, never>>;
    readonly query: Readonly<Record<never, never>>;
    readonly body: undefined;
    readonly answer: { readonly routes: readonly ({ readonly name: string; readonly state: "running" | "held" | "starting" | "waiting-for-topic" | "ending" | "disabled" | "faulty" | "unknown"; readonly fault: { readonly code: string; readonly message: string } | null; readonly held: readonly { readonly code: string; readonly message: string; readonly topic: string; readonly partition: number; readonly offset: string; readonly since: string }[]; readonly breaker: { readonly state: "closed" | "open" | "probing"; readonly until: string | null; readonly reason: string | null } | null; readonly sources: readonly ({ readonly topic: string; readonly group: string | null; readonly enabled: boolean; readonly state: string | null; readonly batch: { readonly records_max: number | null; readonly window_ms: number | null }; readonly starting_position: string | null; readonly lag: number | null; readonly partitions: readonly ({ readonly partition: number; readonly committed: number | null; readonly end: number; readonly lag: number; readonly waiting: number; readonly in_progress: boolean; readonly failure: { readonly code: string; readonly message: string; readonly since: string } | null })[] | null })[]; readonly lag: number | null; readonly activity: { readonly since: string; readonly last_batch: string | null; readonly batches: number; readonly counts: { readonly records: number; readonly delivered: number; readonly filtered: number; readonly dead_lettered: number; readonly given_back: number }; readonly rates: { readonly window_seconds: number; readonly records: number; readonly delivered: number; readonly filtered: number; readonly dead_lettered: number; readonly given_back: number } } | null; readonly failures: readonly ({ readonly code: string; readonly message: string; readonly topic: string; readonly partition: number; readonly offset: string; readonly verdict: "dead-lettered" | "given-back"; readonly time: string })[]; readonly definition: { readonly filter: unknown | null; readonly transform: { readonly kind: "none" | "function" | "jsonata"; readonly expression?: string }; readonly target: { readonly kind: string; readonly name: string; readonly options: unknown }; readonly order: "partition" | "key" | "none"; readonly concurrency_max: number; readonly retry: { readonly attempts_max: number; readonly first_delay_ms: number; readonly delay_max_ms: number; readonly deadline_ms: number; readonly retry_after_max_ms: number }; readonly after_retries: "give-back" | "dead-letter"; readonly breaker: { readonly failures_in_row_max: number; readonly open_ms: number; readonly dead_letters_in_row_max: number }; readonly dead_letters: { readonly topics: readonly string[]; readonly retention_ms: number }; readonly transform_timeout_ms: number; readonly generation: number; readonly examples: number } | null })[] };
  };
  /** Get one route: what it does, its state, counts, recent failures, positions and lag. */
  "GET /routes/{route}": {
    readonly path: { readonly route: string | number };
    readonly query: Readonly<Record<never, never>>;
    readonly body: undefined;
    readonly answer: { readonly name: string; readonly state: "running" | "held" | "starting" | "waiting-for-topic" | "ending" | "disabled" | "faulty" | "unknown"; readonly fault: { readonly code: string; readonly message: string } | null; readonly held: readonly { readonly code: string; readonly message: string; readonly topic: string; readonly partition: number; readonly offset: string; readonly since: string }[]; readonly breaker: { readonly state: "closed" | "open" | "probing"; readonly until: string | null; readonly reason: string | null } | null; readonly sources: readonly ({ readonly topic: string; readonly group: string | null; readonly enabled: boolean; readonly state: string | null; readonly batch: { readonly records_max: number | null; readonly window_ms: number | null }; readonly starting_position: string | null; readonly lag: number | null; readonly partitions: readonly ({ readonly partition: number; readonly committed: number | null; readonly end: number; readonly lag: number; readonly waiting: number; readonly in_progress: boolean; readonly failure: { readonly code: string; readonly message: string; readonly since: string } | null })[] | null })[]; readonly lag: number | null; readonly activity: { readonly since: string; readonly last_batch: string | null; readonly batches: number; readonly counts: { readonly records: number; readonly delivered: number; readonly filtered: number; readonly dead_lettered: number; readonly given_back: number }; readonly rates: { readonly window_seconds: number; readonly records: number; readonly delivered: number; readonly filtered: number; readonly dead_lettered: number; readonly given_back: number } } | null; readonly failures: readonly ({ readonly code: string; readonly message: string; readonly topic: string; readonly partition: number; readonly offset: string; readonly verdict: "dead-lettered" | "given-back"; readonly time: string })[]; readonly definition: { readonly filter: unknown | null; readonly transform: { readonly kind: "none" | "function" | "jsonata"; readonly expression?: string }; readonly target: { readonly kind: string; readonly name: string; readonly options: unknown }; readonly order: "partition" | "key" | "none"; readonly concurrency_max: number; readonly retry: { readonly attempts_max: number; readonly first_delay_ms: number; readonly delay_max_ms: number; readonly deadline_ms: number; readonly retry_after_max_ms: number }; readonly after_retries: "give-back" | "dead-letter"; readonly breaker: { readonly failures_in_row_max: number; readonly open_ms: number; readonly dead_letters_in_row_max: number }; readonly dead_letters: { readonly topics: readonly string[]; readonly retention_ms: number }; readonly transform_timeout_ms: number; readonly generation: number; readonly examples: number } | null };
  };
  /** List the sources: where each reads, which topic it writes, and its rules. */
  "GET /sources": {
    readonly path: Readonly<Record<never, never>>;
    readonly query: Readonly<Record<never, never>>;
    readonly body: undefined;
    readonly answer: { readonly sources: readonly ({ readonly name: string; readonly fault: { readonly code: string; readonly message: string } | null; readonly definition: { readonly from: { readonly kind: string; readonly name: string; readonly options: unknown }; readonly topic: string; readonly envelope: "value" | "cloudevents"; readonly filter: unknown | null; readonly transform: { readonly kind: "none" | "function" | "jsonata"; readonly expression?: string }; readonly order: "partition" | "key" | "none"; readonly retry: { readonly attempts_max: number; readonly first_delay_ms: number; readonly delay_max_ms: number; readonly deadline_ms: number; readonly retry_after_max_ms: number }; readonly breaker: { readonly failures_in_row_max: number; readonly open_ms: number; readonly dead_letters_in_row_max: number }; readonly dead_letters: { readonly topic: string; readonly retention_ms: number }; readonly transform_timeout_ms: number; readonly examples: number } | null })[] };
  };
  /** List the names of the topics. */
  "GET /topics": {
    readonly path: Readonly<Record<never, never>>;
    readonly query: Readonly<Record<never, never>>;
    readonly body: undefined;
    readonly answer: readonly string[];
  };
  /** Describe a topic, with all its settings and partitions. */
  "GET /topics/{topic}": {
    readonly path: { readonly topic: string | number };
    readonly query: Readonly<Record<never, never>>;
    readonly body: undefined;
    readonly answer: { readonly name: string; readonly configs: { readonly [name: string]: string | null }; readonly partitions: readonly ({ readonly partition: number; readonly leader: number | null; readonly replicas: readonly { readonly broker: number; readonly leader: boolean; readonly in_sync: boolean }[] })[] };
  };
  /** Write records to a topic. The response says for each record where it was written, or why it was not. */
  "POST /topics/{topic}": {
    readonly path: { readonly topic: string | number };
    readonly query: Readonly<Record<never, never>>;
    readonly body: PostTopicsTopicJsonBody | PostTopicsTopicBinaryBody | PostTopicsTopicTextBody | PostTopicsTopicAvroBody | PostTopicsTopicJsonschemaBody | PostTopicsTopicProtobufBody;
    readonly answer: PostTopicsTopicAnswer;
  };
  /** List the partitions of a topic. */
  "GET /topics/{topic}/partitions": {
    readonly path: { readonly topic: string | number };
    readonly query: Readonly<Record<never, never>>;
    readonly body: undefined;
    readonly answer: readonly ({ readonly partition: number; readonly leader: number | null; readonly replicas: readonly { readonly broker: number; readonly leader: boolean; readonly in_sync: boolean }[] })[];
  };
  /** Describe a partition. */
  "GET /topics/{topic}/partitions/{partition}": {
    readonly path: { readonly topic: string | number; readonly partition: string | number };
    readonly query: Readonly<Record<never, never>>;
    readonly body: undefined;
    readonly answer: { readonly partition: number; readonly leader: number | null; readonly replicas: readonly { readonly broker: number; readonly leader: boolean; readonly in_sync: boolean }[] };
  };
  /** Write records to one partition of a topic. A partition in a record takes precedence over the one in the path. */
  "POST /topics/{topic}/partitions/{partition}": {
    readonly path: { readonly topic: string | number; readonly partition: string | number };
    readonly query: Readonly<Record<never, never>>;
    readonly body: PostTopicsTopicPartitionsPartitionJsonBody | PostTopicsTopicPartitionsPartitionBinaryBody | PostTopicsTopicPartitionsPartitionTextBody | PostTopicsTopicPartitionsPartitionAvroBody | PostTopicsTopicPartitionsPartitionJsonschemaBody | PostTopicsTopicPartitionsPartitionProtobufBody;
    readonly answer: PostTopicsTopicPartitionsPartitionAnswer;
  };
  /** Get the first and the next offset of a partition. */
  "GET /topics/{topic}/partitions/{partition}/offsets": {
    readonly path: { readonly topic: string | number; readonly partition: string | number };
    readonly query: Readonly<Record<never, never>>;
    readonly body: undefined;
    readonly answer: { readonly beginning_offset: number; readonly end_offset: number };
  };
  /** Read records of a topic, starting at the beginning, the end, a time, an offset or a cursor. */
  "GET /topics/{topic}/records": {
    readonly path: { readonly topic: string | number };
    readonly query: { readonly filter?: string | number | boolean; readonly contains?: string | number | boolean; readonly scan_max?: string | number | boolean; readonly from?: "beginning" | "end"; readonly timestamp?: string | number | boolean; readonly offset?: string | number | boolean; readonly cursor?: string | number | boolean; readonly limit?: string | number | boolean; readonly bytes_max?: string | number | boolean; readonly wait_ms?: string | number | boolean; readonly key_format?: "json" | "string" | "base64" | "schema" | "avro" | "jsonschema" | "protobuf"; readonly value_format?: "json" | "string" | "base64" | "schema" | "avro" | "jsonschema" | "protobuf"; readonly header_format?: "base64" | "string"; readonly logical?: "true" | "false"; readonly partition?: string | number | boolean };
    readonly body: undefined;
    readonly answer: { readonly topic: string; readonly records: readonly ({ readonly topic: string; readonly partition: number; readonly offset: number; readonly timestamp: number; readonly timestamp_type: "CREATE_TIME" | "LOG_APPEND_TIME"; readonly key: unknown; readonly key_format?: "json" | "string" | "base64" | "avro" | "jsonschema" | "protobuf"; readonly key_schema?: { readonly id?: number; readonly guid?: string; readonly glue_version_id?: string; readonly message?: string }; readonly key_error?: string; readonly value: unknown; readonly value_format?: "json" | "string" | "base64" | "avro" | "jsonschema" | "protobuf"; readonly value_schema?: { readonly id?: number; readonly guid?: string; readonly glue_version_id?: string; readonly message?: string }; readonly value_error?: string; readonly headers: readonly ({ readonly name: string; readonly value: string | null; readonly value_format?: "base64" })[]; readonly omitted?: { readonly key_bytes: number; readonly value_bytes: number } })[]; readonly partitions: readonly ({ readonly partition: number; readonly next_offset: number; readonly high_watermark: number | null; readonly deleted_before?: number; readonly truncated_to?: number; readonly error?: { readonly error_code: number; readonly message: string; readonly retriable: boolean } })[]; readonly cursor: string; readonly scanned?: number; readonly scan_limited?: boolean };
  };
  /** List the clusters. The list holds exactly one: the cluster that this API is connected to. */
  "GET /v3/clusters": {
    readonly path: Readonly<Record<never, never>>;
    readonly query: Readonly<Record<never, never>>;
    readonly body: undefined;
    readonly answer: { readonly kind: "KafkaClusterList"; readonly metadata: { readonly self: string; readonly next: null }; readonly data: readonly ({ readonly kind: "KafkaCluster"; readonly metadata: { readonly self: string; readonly resource_name?: string }; readonly cluster_id: string; readonly controller: { readonly related: string } | null; readonly acls: { readonly related: string }; readonly brokers: { readonly related: string }; readonly broker_configs: { readonly related: string }; readonly consumer_groups: { readonly related: string }; readonly topics: { readonly related: string }; readonly partition_reassignments: { readonly related: string } })[] };
  };
  /** Describe the cluster. */
  "GET /v3/clusters/{cluster_id}": {
    readonly path: { readonly cluster_id: string | number };
    readonly query: Readonly<Record<never, never>>;
    readonly body: undefined;
    readonly answer: { readonly kind: "KafkaCluster"; readonly metadata: { readonly self: string; readonly resource_name?: string }; readonly cluster_id: string; readonly controller: { readonly related: string } | null; readonly acls: { readonly related: string }; readonly brokers: { readonly related: string }; readonly broker_configs: { readonly related: string }; readonly consumer_groups: { readonly related: string }; readonly topics: { readonly related: string }; readonly partition_reassignments: { readonly related: string } };
  };
  /** List the settings that are set for all brokers. */
  "GET /v3/clusters/{cluster_id}/broker-configs": {
    readonly path: { readonly cluster_id: string | number };
    readonly query: Readonly<Record<never, never>>;
    readonly body: undefined;
    readonly answer: { readonly kind: "KafkaClusterConfigList"; readonly metadata: { readonly self: string; readonly next: null }; readonly data: readonly ({ readonly kind: "KafkaClusterConfig"; readonly metadata: { readonly self: string; readonly resource_name?: string }; readonly cluster_id: string; readonly name: string; readonly value: string | null; readonly is_default: boolean; readonly is_read_only: boolean; readonly is_sensitive: boolean; readonly source: string; readonly synonyms: readonly ({ readonly name: string; readonly value: string | null; readonly source: string })[]; readonly config_type: "BROKER" })[] };
  };
  /** List the brokers. */
  "GET /v3/clusters/{cluster_id}/brokers": {
    readonly path: { readonly cluster_id: string | number };
    readonly query: Readonly<Record<never, never>>;
    readonly body: undefined;
    readonly answer: { readonly kind: "KafkaBrokerList"; readonly metadata: { readonly self: string; readonly next: null }; readonly data: readonly ({ readonly kind: "KafkaBroker"; readonly metadata: { readonly self: string; readonly resource_name?: string }; readonly cluster_id: string; readonly broker_id: number; readonly host: string | null; readonly port: number | null; readonly rack: string | null; readonly configs: { readonly related: string }; readonly partition_replicas: { readonly related: string } })[] };
  };
  /** List the settings of every broker. */
  "GET /v3/clusters/{cluster_id}/brokers/-/configs": {
    readonly path: { readonly cluster_id: string | number };
    readonly query: Readonly<Record<never, never>>;
    readonly body: undefined;
    readonly answer: { readonly kind: "KafkaBrokerConfigList"; readonly metadata: { readonly self: string; readonly next: null }; readonly data: readonly ({ readonly kind: "KafkaBrokerConfig"; readonly metadata: { readonly self: string; readonly resource_name?: string }; readonly cluster_id: string; readonly name: string; readonly value: string | null; readonly is_default: boolean; readonly is_read_only: boolean; readonly is_sensitive: boolean; readonly source: string; readonly synonyms: readonly ({ readonly name: string; readonly value: string | null; readonly source: string })[]; readonly broker_id: number })[] };
  };
  /** Describe a broker. */
  "GET /v3/clusters/{cluster_id}/brokers/{broker}": {
    readonly path: { readonly cluster_id: string | number; readonly broker: string | number };
    readonly query: Readonly<Record<never, never>>;
    readonly body: undefined;
    readonly answer: { readonly kind: "KafkaBroker"; readonly metadata: { readonly self: string; readonly resource_name?: string }; readonly cluster_id: string; readonly broker_id: number; readonly host: string | null; readonly port: number | null; readonly rack: string | null; readonly configs: { readonly related: string }; readonly partition_replicas: { readonly related: string } };
  };
  /** List the settings of a broker. */
  "GET /v3/clusters/{cluster_id}/brokers/{broker}/configs": {
    readonly path: { readonly cluster_id: string | number; readonly broker: string | number };
    readonly query: Readonly<Record<never, never>>;
    readonly body: undefined;
    readonly answer: { readonly kind: "KafkaBrokerConfigList"; readonly metadata: { readonly self: string; readonly next: null }; readonly data: readonly ({ readonly kind: "KafkaBrokerConfig"; readonly metadata: { readonly self: string; readonly resource_name?: string }; readonly cluster_id: string; readonly name: string; readonly value: string | null; readonly is_default: boolean; readonly is_read_only: boolean; readonly is_sensitive: boolean; readonly source: string; readonly synonyms: readonly ({ readonly name: string; readonly value: string | null; readonly source: string })[]; readonly broker_id: number })[] };
  };
  /** List the replicas that a broker holds. */
  "GET /v3/clusters/{cluster_id}/brokers/{broker}/partition-replicas": {
    readonly path: { readonly cluster_id: string | number; readonly broker: string | number };
    readonly query: Readonly<Record<never, never>>;
    readonly body: undefined;
    readonly answer: { readonly kind: "KafkaReplicaList"; readonly metadata: { readonly self: string; readonly next: null }; readonly data: readonly { readonly kind: "KafkaReplica"; readonly metadata: { readonly self: string; readonly resource_name?: string }; readonly cluster_id: string; readonly topic_name: string; readonly partition_id: number; readonly broker_id: number; readonly is_leader: boolean; readonly is_in_sync: boolean; readonly broker: { readonly related: string } }[] };
  };
  /** List the groups of every protocol. `state`, `type` and `group_id` narrow the list. */
  "GET /v3/clusters/{cluster_id}/consumer-groups": {
    readonly path: { readonly cluster_id: string | number };
    readonly query: { readonly group_id?: string | number | boolean; readonly state?: string | number | boolean; readonly type?: string | number | boolean };
    readonly body: undefined;
    readonly answer: { readonly kind: "KafkaConsumerGroupList"; readonly metadata: { readonly self: string; readonly next: null }; readonly data: readonly ({ readonly kind: "KafkaConsumerGroup"; readonly metadata: { readonly self: string; readonly resource_name?: string }; readonly cluster_id: string; readonly consumer_group_id: string; readonly is_simple: boolean; readonly partition_assignor: string; readonly state: string; readonly type: string; readonly is_mixed_consumer_group: boolean; readonly coordinator: { readonly related: string } | null; readonly consumers: { readonly related: string }; readonly lag_summary: { readonly related: string } })[] };
  };
  /** List the members of a group. */
  "GET /v3/clusters/{cluster_id}/consumer-groups/{group}/consumers": {
    readonly path: { readonly cluster_id: string | number; readonly group: string | number };
    readonly query: { readonly group_id?: string | number | boolean };
    readonly body: undefined;
    readonly answer: { readonly kind: "KafkaConsumerList"; readonly metadata: { readonly self: string; readonly next: null }; readonly data: readonly ({ readonly kind: "KafkaConsumer"; readonly metadata: { readonly self: string; readonly resource_name?: string }; readonly cluster_id: string; readonly consumer_group_id: string; readonly consumer_id: string; readonly instance_id: string | null; readonly client_id: string; readonly assignments: { readonly related: string } })[] };
  };
  /** Describe a member of a group. */
  "GET /v3/clusters/{cluster_id}/consumer-groups/{group}/consumers/{consumer}": {
    readonly path: { readonly cluster_id: string | number; readonly group: string | number; readonly consumer: string | number };
    readonly query: { readonly group_id?: string | number | boolean };
    readonly body: undefined;
    readonly answer: { readonly kind: "KafkaConsumer"; readonly metadata: { readonly self: string; readonly resource_name?: string }; readonly cluster_id: string; readonly consumer_group_id: string; readonly consumer_id: string; readonly instance_id: string | null; readonly client_id: string; readonly assignments: { readonly related: string } };
  };
  /** List the partitions that are assigned to a member of a group. */
  "GET /v3/clusters/{cluster_id}/consumer-groups/{group}/consumers/{consumer}/assignments": {
    readonly path: { readonly cluster_id: string | number; readonly group: string | number; readonly consumer: string | number };
    readonly query: { readonly group_id?: string | number | boolean };
    readonly body: undefined;
    readonly answer: { readonly kind: "KafkaConsumerAssignmentList"; readonly metadata: { readonly self: string; readonly next: null }; readonly data: readonly { readonly kind: "KafkaConsumerAssignment"; readonly metadata: { readonly self: string; readonly resource_name?: string }; readonly cluster_id: string; readonly consumer_group_id: string; readonly consumer_id: string; readonly topic_name: string; readonly partition_id: number; readonly partition: { readonly related: string }; readonly lag: { readonly related: string } }[] };
  };
  /** Describe a partition that is assigned to a member of a group. */
  "GET /v3/clusters/{cluster_id}/consumer-groups/{group}/consumers/{consumer}/assignments/{topic}/partitions/{partition}": {
    readonly path: { readonly cluster_id: string | number; readonly group: string | number; readonly consumer: string | number; readonly topic: string | number; readonly partition: string | number };
    readonly query: { readonly group_id?: string | number | boolean };
    readonly body: undefined;
    readonly answer: { readonly kind: "KafkaConsumerAssignment"; readonly metadata: { readonly self: string; readonly resource_name?: string }; readonly cluster_id: string; readonly consumer_group_id: string; readonly consumer_id: string; readonly topic_name: string; readonly partition_id: number; readonly partition: { readonly related: string }; readonly lag: { readonly related: string } };
  };
  /** Get the total lag of a group, and the partition with the largest lag. */
  "GET /v3/clusters/{cluster_id}/consumer-groups/{group}/lag-summary": {
    readonly path: { readonly cluster_id: string | number; readonly group: string | number };
    readonly query: { readonly group_id?: string | number | boolean };
    readonly body: undefined;
    readonly answer: { readonly kind: "KafkaConsumerGroupLagSummary"; readonly metadata: { readonly self: string; readonly resource_name?: string }; readonly cluster_id: string; readonly consumer_group_id: string; readonly max_lag_consumer_id: string; readonly max_lag_instance_id: string | null; readonly max_lag_client_id: string; readonly max_lag_topic_name: string; readonly max_lag_partition_id: number; readonly max_lag: number; readonly total_lag: number; readonly max_lag_consumer: { readonly related: string }; readonly max_lag_partition: { readonly related: string } };
  };
  /** List the lag of a group in each partition. */
  "GET /v3/clusters/{cluster_id}/consumer-groups/{group}/lags": {
    readonly path: { readonly cluster_id: string | number; readonly group: string | number };
    readonly query: { readonly group_id?: string | number | boolean };
    readonly body: undefined;
    readonly answer: { readonly kind: "KafkaConsumerLagList"; readonly metadata: { readonly self: string; readonly next: null }; readonly data: readonly ({ readonly kind: "KafkaConsumerLag"; readonly metadata: { readonly self: string; readonly resource_name?: string }; readonly cluster_id: string; readonly consumer_group_id: string; readonly topic_name: string; readonly partition_id: number; readonly current_offset: number; readonly log_end_offset: number; readonly lag: number; readonly consumer_id: string; readonly instance_id: string | null; readonly client_id: string })[] };
  };
  /** Get the lag of a group in one partition. */
  "GET /v3/clusters/{cluster_id}/consumer-groups/{group}/lags/{topic}/partitions/{partition}": {
    readonly path: { readonly cluster_id: string | number; readonly group: string | number; readonly topic: string | number; readonly partition: string | number };
    readonly query: { readonly group_id?: string | number | boolean };
    readonly body: undefined;
    readonly answer: { readonly kind: "KafkaConsumerLag"; readonly metadata: { readonly self: string; readonly resource_name?: string }; readonly cluster_id: string; readonly consumer_group_id: string; readonly topic_name: string; readonly partition_id: number; readonly current_offset: number; readonly log_end_offset: number; readonly lag: number; readonly consumer_id: string; readonly instance_id: string | null; readonly client_id: string };
  };
  /** List the offsets that a group has committed. */
  "GET /v3/clusters/{cluster_id}/consumer-groups/{group}/offsets": {
    readonly path: { readonly cluster_id: string | number; readonly group: string | number };
    readonly query: { readonly group_id?: string | number | boolean };
    readonly body: undefined;
    readonly answer: { readonly kind: "KafkaCommittedOffsetList"; readonly metadata: { readonly self: string; readonly next: null }; readonly data: readonly { readonly topic_name: string; readonly partition_id: number; readonly offset: number }[] };
  };
  /** List the total lag of every group. Groups that have committed nothing are left out. */
  "GET /v3/clusters/{cluster_id}/lag-summaries": {
    readonly path: { readonly cluster_id: string | number };
    readonly query: Readonly<Record<never, never>>;
    readonly body: undefined;
    readonly answer: { readonly kind: "KafkaConsumerGroupLagSummaryList"; readonly metadata: { readonly self: string; readonly next: null }; readonly data: readonly ({ readonly kind: "KafkaConsumerGroupLagSummary"; readonly metadata: { readonly self: string; readonly resource_name?: string }; readonly cluster_id: string; readonly consumer_group_id: string; readonly max_lag_consumer_id: string; readonly max_lag_instance_id: string | null; readonly max_lag_client_id: string; readonly max_lag_topic_name: string; readonly max_lag_partition_id: number; readonly max_lag: number; readonly total_lag: number; readonly max_lag_consumer: { readonly related: string }; readonly max_lag_partition: { readonly related: string } })[] };
  };
  /** List the topics in short, sorted by name. Topics named in `topic_name` are listed with their number of records, size, retention and cleanup policy. */
  "GET /v3/clusters/{cluster_id}/topic-summaries": {
    readonly path: { readonly cluster_id: string | number };
    readonly query: { readonly topic_name?: string | number | boolean; readonly after?: string | number | boolean; readonly limit?: string | number | boolean };
    readonly body: undefined;
    readonly answer: { readonly data: readonly ({ readonly topic_name: string; readonly is_internal: boolean; readonly partitions_count: number; readonly replication_factor: number; readonly under_replicated_count: number; readonly offline_count: number; readonly records_count?: number; readonly end_offsets_sum?: number; readonly size_bytes?: number | null; readonly retention_ms?: number | null; readonly cleanup_policy?: string | null })[]; readonly next_after: string | null };
  };
  /** List the topics, sorted by name. */
  "GET /v3/clusters/{cluster_id}/topics": {
    readonly path: { readonly cluster_id: string | number };
    readonly query: { readonly include_authorized_operations?: string | number | boolean; readonly includeAuthorizedOperations?: string | number | boolean };
    readonly body: undefined;
    readonly answer: { readonly kind: "KafkaTopicList"; readonly metadata: { readonly self: string; readonly next: null }; readonly data: readonly { readonly kind: "KafkaTopic"; readonly metadata: { readonly self: string; readonly resource_name?: string }; readonly cluster_id: string; readonly topic_name: string; readonly is_internal: boolean; readonly replication_factor: number; readonly partitions_count: number; readonly partitions: { readonly related: string }; readonly configs: { readonly related: string }; readonly partition_reassignments: { readonly related: string }; readonly authorized_operations: readonly string[] }[] };
  };
  /** Create a topic. With `validate_only`, only check whether it could be created. */
  "POST /v3/clusters/{cluster_id}/topics": {
    readonly path: { readonly cluster_id: string | number };
    readonly query: Readonly<Record<never, never>>;
    readonly body: { readonly topic_name: string; readonly partitions_count?: number | null; readonly replication_factor?: number | null; readonly replicas_assignments?: { readonly [name: string]: readonly number[] } | readonly { readonly partition_id: number; readonly broker_ids: readonly number[] }[] | null; readonly configs?: readonly ({ readonly name: string; readonly value?: string | number | boolean | null })[] | null; readonly validate_only?: boolean | null };
    readonly answer: PostV3ClustersClusterIdTopicsAnswer;
  };
  /** List the settings of all topics, or of the topics and settings named in the query. A response of 6 MB has room for all settings of about a hundred topics. */
  "GET /v3/clusters/{cluster_id}/topics/-/configs": {
    readonly path: { readonly cluster_id: string | number };
    readonly query: { readonly topic_name?: string | number | boolean; readonly name?: string | number | boolean };
    readonly body: undefined;
    readonly answer: { readonly kind: "KafkaTopicConfigList"; readonly metadata: { readonly self: string; readonly next: null }; readonly data: readonly ({ readonly kind: "KafkaTopicConfig"; readonly metadata: { readonly self: string; readonly resource_name?: string }; readonly cluster_id: string; readonly name: string; readonly value: string | null; readonly is_default: boolean; readonly is_read_only: boolean; readonly is_sensitive: boolean; readonly source: string; readonly synonyms: readonly ({ readonly name: string; readonly value: string | null; readonly source: string })[]; readonly topic_name: string })[] };
  };
  /** List the reassignments in progress. */
  "GET /v3/clusters/{cluster_id}/topics/-/partitions/-/reassignment": {
    readonly path: { readonly cluster_id: string | number };
    readonly query: Readonly<Record<never, never>>;
    readonly body: undefined;
    readonly answer: { readonly kind: "KafkaReassignmentList"; readonly metadata: { readonly self: string; readonly next: null }; readonly data: readonly { readonly kind: "KafkaReassignment"; readonly metadata: { readonly self: string; readonly resource_name?: string }; readonly cluster_id: string; readonly topic_name: string; readonly partition_id: number; readonly adding_replicas: readonly number[]; readonly removing_replicas: readonly number[]; readonly replicas: { readonly related: string } }[] };
  };
  /** List the settings of a topic. */
  "GET /v3/clusters/{cluster_id}/topics/{topic}/configs": {
    readonly path: { readonly cluster_id: string | number; readonly topic: string | number };
    readonly query: Readonly<Record<never, never>>;
    readonly body: undefined;
    readonly answer: { readonly kind: "KafkaTopicConfigList"; readonly metadata: { readonly self: string; readonly next: null }; readonly data: readonly ({ readonly kind: "KafkaTopicConfig"; readonly metadata: { readonly self: string; readonly resource_name?: string }; readonly cluster_id: string; readonly name: string; readonly value: string | null; readonly is_default: boolean; readonly is_read_only: boolean; readonly is_sensitive: boolean; readonly source: string; readonly synonyms: readonly ({ readonly name: string; readonly value: string | null; readonly source: string })[]; readonly topic_name: string })[] };
  };
  /** List the first and the next offset of every partition of a topic. With `timestamp`, also the first offset at or after that time. */
  "GET /v3/clusters/{cluster_id}/topics/{topic}/offsets": {
    readonly path: { readonly cluster_id: string | number; readonly topic: string | number };
    readonly query: { readonly timestamp?: number | string };
    readonly body: undefined;
    readonly answer: { readonly kind: "KafkaPartitionOffsetsList"; readonly metadata: { readonly self: string; readonly next: null }; readonly data: readonly { readonly topic_name: string; readonly partition_id: number; readonly earliest_offset: number; readonly latest_offset: number; readonly timestamp_offset?: number }[] };
  };
  /** List the partitions of a topic. */
  "GET /v3/clusters/{cluster_id}/topics/{topic}/partitions": {
    readonly path: { readonly cluster_id: string | number; readonly topic: string | number };
    readonly query: Readonly<Record<never, never>>;
    readonly body: undefined;
    readonly answer: { readonly kind: "KafkaPartitionList"; readonly metadata: { readonly self: string; readonly next: null }; readonly data: readonly ({ readonly kind: "KafkaPartition"; readonly metadata: { readonly self: string; readonly resource_name?: string }; readonly cluster_id: string; readonly topic_name: string; readonly partition_id: number; readonly leader: { readonly related: string } | null; readonly replicas: { readonly related: string }; readonly reassignment: { readonly related: string } })[] };
  };
  /** List the reassignments in progress of a topic. */
  "GET /v3/clusters/{cluster_id}/topics/{topic}/partitions/-/reassignment": {
    readonly path: { readonly cluster_id: string | number; readonly topic: string | number };
    readonly query: Readonly<Record<never, never>>;
    readonly body: undefined;
    readonly answer: { readonly kind: "KafkaReassignmentList"; readonly metadata: { readonly self: string; readonly next: null }; readonly data: readonly { readonly kind: "KafkaReassignment"; readonly metadata: { readonly self: string; readonly resource_name?: string }; readonly cluster_id: string; readonly topic_name: string; readonly partition_id: number; readonly adding_replicas: readonly number[]; readonly removing_replicas: readonly number[]; readonly replicas: { readonly related: string } }[] };
  };
  /** Describe a partition. */
  "GET /v3/clusters/{cluster_id}/topics/{topic}/partitions/{partition}": {
    readonly path: { readonly cluster_id: string | number; readonly topic: string | number; readonly partition: string | number };
    readonly query: Readonly<Record<never, never>>;
    readonly body: undefined;
    readonly answer: { readonly kind: "KafkaPartition"; readonly metadata: { readonly self: string; readonly resource_name?: string }; readonly cluster_id: string; readonly topic_name: string; readonly partition_id: number; readonly leader: { readonly related: string } | null; readonly replicas: { readonly related: string }; readonly reassignment: { readonly related: string } };
  };
  /** Get the first and the next offset of a partition. */
  "GET /v3/clusters/{cluster_id}/topics/{topic}/partitions/{partition}/offset": {
    readonly path: { readonly cluster_id: string | number; readonly topic: string | number; readonly partition: string | number };
    readonly query: { readonly offset_type?: string | number | boolean };
    readonly body: undefined;
    readonly answer: { readonly kind: "KafkaPartitionWithOffsets"; readonly metadata: { readonly self: string; readonly resource_name?: string }; readonly cluster_id: string; readonly topic_name: string; readonly partition_id: number; readonly earliest_offset: number; readonly latest_offset: number; readonly leader: { readonly related: string } | null; readonly replicas: { readonly related: string }; readonly reassignment: { readonly related: string } };
  };
  /** Get the reassignment in progress of a partition. */
  "GET /v3/clusters/{cluster_id}/topics/{topic}/partitions/{partition}/reassignment": {
    readonly path: { readonly cluster_id: string | number; readonly topic: string | number; readonly partition: string | number };
    readonly query: Readonly<Record<never, never>>;
    readonly body: undefined;
    readonly answer: { readonly kind: "KafkaReassignment"; readonly metadata: { readonly self: string; readonly resource_name?: string }; readonly cluster_id: string; readonly topic_name: string; readonly partition_id: number; readonly adding_replicas: readonly number[]; readonly removing_replicas: readonly number[]; readonly replicas: { readonly related: string } };
  };
  /** Read records of one partition, starting at the beginning, the end, a time, an offset or a cursor. */
  "GET /v3/clusters/{cluster_id}/topics/{topic}/partitions/{partition}/records": {
    readonly path: { readonly cluster_id: string | number; readonly topic: string | number; readonly partition: string | number };
    readonly query: { readonly filter?: string | number | boolean; readonly contains?: string | number | boolean; readonly scan_max?: string | number | boolean; readonly from?: "beginning" | "end"; readonly timestamp?: string | number | boolean; readonly offset?: string | number | boolean; readonly cursor?: string | number | boolean; readonly limit?: string | number | boolean; readonly bytes_max?: string | number | boolean; readonly wait_ms?: string | number | boolean; readonly key_format?: "json" | "string" | "base64" | "schema" | "avro" | "jsonschema" | "protobuf"; readonly value_format?: "json" | "string" | "base64" | "schema" | "avro" | "jsonschema" | "protobuf"; readonly header_format?: "base64" | "string"; readonly logical?: "true" | "false" };
    readonly body: undefined;
    readonly answer: { readonly kind: "KafkaRecordList"; readonly metadata: { readonly self: string; readonly next: string }; readonly topic_name: string; readonly partition_id: number; readonly records: readonly ({ readonly topic_name: string; readonly partition_id: number; readonly offset: number; readonly timestamp: number; readonly timestamp_type: "CREATE_TIME" | "LOG_APPEND_TIME"; readonly key: unknown; readonly key_format?: "json" | "string" | "base64" | "avro" | "jsonschema" | "protobuf"; readonly key_schema?: { readonly id?: number; readonly guid?: string; readonly glue_version_id?: string; readonly message?: string }; readonly key_error?: string; readonly value: unknown; readonly value_format?: "json" | "string" | "base64" | "avro" | "jsonschema" | "protobuf"; readonly value_schema?: { readonly id?: number; readonly guid?: string; readonly glue_version_id?: string; readonly message?: string }; readonly value_error?: string; readonly headers: readonly ({ readonly name: string; readonly value: string | null; readonly value_format?: "base64" })[]; readonly omitted?: { readonly key_bytes: number; readonly value_bytes: number } })[]; readonly next_offset: number; readonly high_watermark: number | null; readonly deleted_before?: number; readonly truncated_to?: number; readonly cursor: string; readonly scanned?: number; readonly scan_limited?: boolean };
  };
  /** Read one record. */
  "GET /v3/clusters/{cluster_id}/topics/{topic}/partitions/{partition}/records/{offset}": {
    readonly path: { readonly cluster_id: string | number; readonly topic: string | number; readonly partition: string | number; readonly offset: string | number };
    readonly query: { readonly key_format?: "json" | "string" | "base64" | "schema" | "avro" | "jsonschema" | "protobuf"; readonly value_format?: "json" | "string" | "base64" | "schema" | "avro" | "jsonschema" | "protobuf"; readonly header_format?: "base64" | "string"; readonly logical?: "true" | "false" };
    readonly body: undefined;
    readonly answer: { readonly topic_name: string; readonly partition_id: number; readonly offset: number; readonly timestamp: number; readonly timestamp_type: "CREATE_TIME" | "LOG_APPEND_TIME"; readonly key: unknown; readonly key_format?: "json" | "string" | "base64" | "avro" | "jsonschema" | "protobuf"; readonly key_schema?: { readonly id?: number; readonly guid?: string; readonly glue_version_id?: string; readonly message?: string }; readonly key_error?: string; readonly value: unknown; readonly value_format?: "json" | "string" | "base64" | "avro" | "jsonschema" | "protobuf"; readonly value_schema?: { readonly id?: number; readonly guid?: string; readonly glue_version_id?: string; readonly message?: string }; readonly value_error?: string; readonly headers: readonly ({ readonly name: string; readonly value: string | null; readonly value_format?: "base64" })[]; readonly omitted?: { readonly key_bytes: number; readonly value_bytes: number } };
  };
  /** List the replicas of a partition. */
  "GET /v3/clusters/{cluster_id}/topics/{topic}/partitions/{partition}/replicas": {
    readonly path: { readonly cluster_id: string | number; readonly topic: string | number; readonly partition: string | number };
    readonly query: Readonly<Record<never, never>>;
    readonly body: undefined;
    readonly answer: { readonly kind: "KafkaReplicaList"; readonly metadata: { readonly self: string; readonly next: null }; readonly data: readonly { readonly kind: "KafkaReplica"; readonly metadata: { readonly self: string; readonly resource_name?: string }; readonly cluster_id: string; readonly topic_name: string; readonly partition_id: number; readonly broker_id: number; readonly is_leader: boolean; readonly is_in_sync: boolean; readonly broker: { readonly related: string } }[] };
  };
  /** Describe a replica. */
  "GET /v3/clusters/{cluster_id}/topics/{topic}/partitions/{partition}/replicas/{broker}": {
    readonly path: { readonly cluster_id: string | number; readonly topic: string | number; readonly partition: string | number; readonly broker: string | number };
    readonly query: Readonly<Record<never, never>>;
    readonly body: undefined;
    readonly answer: { readonly kind: "KafkaReplica"; readonly metadata: { readonly self: string; readonly resource_name?: string }; readonly cluster_id: string; readonly topic_name: string; readonly partition_id: number; readonly broker_id: number; readonly is_leader: boolean; readonly is_in_sync: boolean; readonly broker: { readonly related: string } };
  };
  /** Create a consumer instance. The process that handles this call keeps it. */
  "POST /consumers/{group}": {
    readonly path: { readonly group: string | number };
    readonly query: Readonly<Record<never, never>>;
    readonly body: { readonly name?: string | null; readonly id?: string | null; readonly format?: string | null; readonly "auto.offset.reset"?: string | null; readonly "auto.commit.enable"?: string | boolean | null; readonly "enable.auto.commit"?: string | boolean | null; readonly "fetch.min.bytes"?: string | number | null; readonly responseMinBytes?: string | number | null; readonly "consumer.request.timeout.ms"?: string | number | null; readonly requestWaitMs?: string | number | null; readonly autoOffsetReset?: string | null; readonly autoCommitEnable?: string | boolean | null; readonly "isolation.level"?: string | null; readonly "topic.metadata.refresh.interval.ms"?: string | number | null };
    readonly answer: { readonly instance_id: string; readonly base_uri: string };
  };
  /** Set the offsets or times at which the next read starts. */
  "POST /consumers/{group}/instances/{instance}/positions": {
    readonly path: { readonly group: string | number; readonly instance: string | number };
    readonly query: Readonly<Record<never, never>>;
    readonly body: PostConsumersGroupInstancesInstancePositionsBody;
    readonly answer: undefined;
  };
  /** Start the next read at the first available record of the partitions in the body, or of all that the instance reads if there are none. */
  "POST /consumers/{group}/instances/{instance}/positions/beginning": {
    readonly path: { readonly group: string | number; readonly instance: string | number };
    readonly query: Readonly<Record<never, never>>;
    readonly body: { readonly partitions: readonly { readonly topic: string; readonly partition: number }[] };
    readonly answer: undefined;
  };
  /** Start the next read at the end of the partitions in the body, or of all that the instance reads if there are none. */
  "POST /consumers/{group}/instances/{instance}/positions/end": {
    readonly path: { readonly group: string | number; readonly instance: string | number };
    readonly query: Readonly<Record<never, never>>;
    readonly body: { readonly partitions: readonly { readonly topic: string; readonly partition: number }[] };
    readonly answer: undefined;
  };
  /** Mark dead letters as discarded. They stay in their topic until its retention deletes them. */
  "POST /dead-letters/{topic}/discard": {
    readonly path: { readonly topic: string | number };
    readonly query: Readonly<Record<never, never>>;
    readonly body: { readonly route?: string; readonly code?: string; readonly from?: string | number; readonly to?: string | number; readonly letters?: readonly ({ readonly partition: number; readonly offset: number | string })[]; readonly all?: true; readonly limit?: number };
    readonly answer: { readonly discarded: number; readonly has_more: boolean };
  };
  /** Send dead letters through their route again, or write them to the topic they came from. One call handles as many as its time allows. */
  "POST /dead-letters/{topic}/redrive": {
    readonly path: { readonly topic: string | number };
    readonly query: Readonly<Record<never, never>>;
    readonly body: { readonly route?: string; readonly code?: string; readonly from?: string | number; readonly to?: string | number; readonly letters?: readonly ({ readonly partition: number; readonly offset: number | string })[]; readonly all?: true; readonly limit?: number; readonly destination?: "route" | "topic"; readonly name?: string; readonly state?: "open" | "redriven" | "discarded" | "any"; readonly rate_per_second?: number; readonly redrives_max?: number };
    readonly answer: { readonly redriven: number; readonly failed: number; readonly skipped: number; readonly has_more: boolean; readonly outcomes: readonly { readonly partition: number; readonly offset: number; readonly outcome: string; readonly to?: string; readonly message?: string }[] };
  };
  /** Show what a route would make of a record: the filter's answer and the messages. Nothing is sent. */
  "POST /routes/{route}/try": {
    readonly path: { readonly route: string | number };
    readonly query: Readonly<Record<never, never>>;
    readonly body: { readonly record: { readonly topic?: string; readonly partition?: number; readonly offset?: number | string; readonly timestamp?: string | number; readonly key?: { readonly text: string } | { readonly base64: string } | { readonly json: unknown } | null; readonly value?: { readonly text: string } | { readonly base64: string } | { readonly json: unknown } | null; readonly headers?: readonly ({ readonly name: string; readonly value?: { readonly text: string } | { readonly base64: string } | { readonly json: unknown } | null })[] } };
    readonly answer: { readonly route: string; readonly outcome: "delivered" | "filtered" | "dead-lettered" | "given-back"; readonly filter: { readonly matches: boolean | null }; readonly error: { readonly stage: string; readonly code: string; readonly message: string } | null; readonly target: { readonly kind: string; readonly name: string } | null; readonly messages: readonly ({ readonly id: string; readonly key: { readonly text?: string; readonly base64?: string } | null; readonly value: { readonly text?: string; readonly base64?: string } | null; readonly headers: readonly ({ readonly name: string; readonly value: { readonly text?: string; readonly base64?: string } | null })[]; readonly timestamp: number })[] };
  };
  /** Write CloudEvents 1.0, sent in binary, structured or batched mode. They are written in Kafka's binary mode unless `content_mode` is structured. A batch with an invalid event is refused as a whole, unless `partial` is true. */
  "POST /topics/{topic}/events": {
    readonly path: { readonly topic: string | number };
    readonly query: { readonly partial?: string | number | boolean; readonly content_mode?: string | number | boolean; readonly key?: string | number | boolean };
    readonly body: PostTopicsTopicEventsCloudeventsBody | PostTopicsTopicEventsCloudeventsBatchBody | unknown;
    readonly answer: PostTopicsTopicEventsAnswer;
  };
  /** Create many ACLs. If one of them is not valid, none is created. */
  "POST /v3/clusters/{cluster_id}/acls:batch": {
    readonly path: { readonly cluster_id: string | number };
    readonly query: Readonly<Record<never, never>>;
    readonly body: { readonly data: readonly { readonly resource_type: string; readonly resource_name: string; readonly pattern_type: string; readonly principal: string; readonly host: string; readonly operation: string; readonly permission: string }[] };
    readonly answer: undefined;
  };
  /** Change settings for all brokers. Either all of them are changed, or none. */
  "POST /v3/clusters/{cluster_id}/broker-configs:alter": {
    readonly path: { readonly cluster_id: string | number };
    readonly query: Readonly<Record<never, never>>;
    readonly body: { readonly data: readonly ({ readonly name: string; readonly value?: string | number | boolean | null; readonly operation?: string | null })[]; readonly validate_only?: boolean | null };
    readonly answer: undefined;
  };
  /** Change settings of a broker. Either all of them are changed, or none. */
  "POST /v3/clusters/{cluster_id}/brokers/{broker}/configs:alter": {
    readonly path: { readonly cluster_id: string | number; readonly broker: string | number };
    readonly query: Readonly<Record<never, never>>;
    readonly body: { readonly data: readonly ({ readonly name: string; readonly value?: string | number | boolean | null; readonly operation?: string | null })[]; readonly validate_only?: boolean | null };
    readonly answer: undefined;
  };
  /** Reset the committed offsets of a group: to the earliest or latest offset, to an offset or a time, or by a number of records. */
  "POST /v3/clusters/{cluster_id}/consumer-groups/{group}/offsets:reset": {
    readonly path: { readonly cluster_id: string | number; readonly group: string | number };
    readonly query: { readonly group_id?: string | number | boolean };
    readonly body: { readonly to: string; readonly topic_name?: string | null; readonly partitions?: readonly number[] | null; readonly offset?: number | null; readonly timestamp?: number | string | null; readonly shift?: number | null; readonly validate_only?: boolean | null };
    readonly answer: { readonly data: readonly ({ readonly topic_name: string; readonly partition_id: number; readonly offset_before: number | null; readonly offset_after: number })[] };
  };
  /** Elect the leaders of the partitions named in the body, or of all partitions. By default the preferred replica becomes the leader again. */
  "POST /v3/clusters/{cluster_id}/leaders:elect": {
    readonly path: { readonly cluster_id: string | number };
    readonly query: Readonly<Record<never, never>>;
    readonly body: { readonly election_type?: string | null; readonly partitions?: readonly { readonly topic_name: string; readonly partition_id: number }[] | null };
    readonly answer: { readonly data: readonly { readonly topic_name: string; readonly partition_id: number; readonly error_code?: number; readonly message?: string; readonly outcome: string }[] };
  };
  /** Move partitions to other brokers, or cancel a move by setting replicas to null. Each partition has its own result. */
  "POST /v3/clusters/{cluster_id}/reassignments:alter": {
    readonly path: { readonly cluster_id: string | number };
    readonly query: Readonly<Record<never, never>>;
    readonly body: { readonly data: readonly ({ readonly topic_name: string; readonly partition_id: number; readonly replicas: readonly number[] | null })[] };
    readonly answer: { readonly data: readonly { readonly topic_name: string; readonly partition_id: number; readonly error_code?: number; readonly message?: string }[] };
  };
  /** Change the settings of many topics. The response lists the topics whose settings were not changed. */
  "POST /v3/clusters/{cluster_id}/topics/-/configs:alter": {
    readonly path: { readonly cluster_id: string | number };
    readonly query: Readonly<Record<never, never>>;
    readonly body: { readonly data: readonly ({ readonly topic_name: string; readonly configs: readonly ({ readonly name: string; readonly value?: string | number | boolean | null; readonly operation?: string | null })[] })[]; readonly validate_only?: boolean | null };
    readonly answer: undefined | { readonly failures: readonly { readonly topic_name: string; readonly error_code: number; readonly message?: string }[] };
  };
  /** Change settings of a topic. Either all of them are changed, or none. */
  "POST /v3/clusters/{cluster_id}/topics/{topic}/configs:alter": {
    readonly path: { readonly cluster_id: string | number; readonly topic: string | number };
    readonly query: Readonly<Record<never, never>>;
    readonly body: { readonly data: readonly ({ readonly name: string; readonly value?: string | number | boolean | null; readonly operation?: string | null })[]; readonly validate_only?: boolean | null };
    readonly answer: undefined;
  };
  /** Write records, sent as JSON objects one after another. The response has one object per record. */
  "POST /v3/clusters/{cluster_id}/topics/{topic}/records": {
    readonly path: { readonly cluster_id: string | number; readonly topic: string | number };
    readonly query: Readonly<Record<never, never>>;
    readonly body: { readonly key?: JsonData | BinaryData | StringData | DataWithSchemaId | DataWithSchemaVersion | DataWithSchema | DataWithSchemaIdAndStrategy | DataWithSchemaVersionAndStrategy | DataWithSchemaAndStrategy | null; readonly value?: JsonData | BinaryData | StringData | DataWithSchemaId | DataWithSchemaVersion | DataWithSchema | DataWithSchemaIdAndStrategy | DataWithSchemaVersionAndStrategy | DataWithSchemaAndStrategy | null; readonly partition_id?: number | null; readonly headers?: readonly ({ readonly name: string; readonly value?: string | null })[] | null; readonly timestamp?: number | string | null };
    readonly answer: PostV3ClustersClusterIdTopicsTopicRecordsAnswer;
  };
  /** Write a batch of records that have ids. The response lists which were written and which were not. */
  "POST /v3/clusters/{cluster_id}/topics/{topic}/records:batch": {
    readonly path: { readonly cluster_id: string | number; readonly topic: string | number };
    readonly query: Readonly<Record<never, never>>;
    readonly body: { readonly entries: readonly ({ readonly id: string; readonly key?: JsonData | BinaryData | StringData | DataWithSchemaId | DataWithSchemaVersion | DataWithSchema | DataWithSchemaIdAndStrategy | DataWithSchemaVersionAndStrategy | DataWithSchemaAndStrategy | null; readonly value?: JsonData | BinaryData | StringData | DataWithSchemaId | DataWithSchemaVersion | DataWithSchema | DataWithSchemaIdAndStrategy | DataWithSchemaVersionAndStrategy | DataWithSchemaAndStrategy | null; readonly partition_id?: number | null; readonly headers?: readonly ({ readonly name: string; readonly value?: string | null })[] | null; readonly timestamp?: number | string | null })[] };
    readonly answer: PostV3ClustersClusterIdTopicsTopicRecordsBatchAnswer;
  };
  /** Delete the records before an offset. The offset -1 deletes all current records. */
  "POST /v3/clusters/{cluster_id}/topics/{topic}/records:delete": {
    readonly path: { readonly cluster_id: string | number; readonly topic: string | number };
    readonly query: Readonly<Record<never, never>>;
    readonly body: { readonly partitions: readonly { readonly partition_id: number; readonly before_offset: number }[] };
    readonly answer: { readonly data: readonly ({ readonly topic_name: string; readonly partition_id: number; readonly low_watermark: number | null; readonly error_code?: number; readonly message?: string })[] };
  };
  /** Create many topics. Each topic has its own result. */
  "POST /v3/clusters/{cluster_id}/topics:batch": {
    readonly path: { readonly cluster_id: string | number };
    readonly query: Readonly<Record<never, never>>;
    readonly body: { readonly data: readonly ({ readonly topic_name: string; readonly partitions_count?: number | null; readonly replication_factor?: number | null; readonly replicas_assignments?: { readonly [name: string]: readonly number[] } | readonly { readonly partition_id: number; readonly broker_ids: readonly number[] }[] | null; readonly configs?: readonly ({ readonly name: string; readonly value?: string | number | boolean | null })[] | null })[]; readonly validate_only?: boolean | null };
    readonly answer: { readonly successes: readonly { readonly kind: "KafkaTopic"; readonly metadata: { readonly self: string; readonly resource_name?: string }; readonly cluster_id: string; readonly topic_name: string; readonly is_internal: boolean; readonly replication_factor: number; readonly partitions_count: number; readonly partitions: { readonly related: string }; readonly configs: { readonly related: string }; readonly partition_reassignments: { readonly related: string }; readonly authorized_operations: readonly string[] }[]; readonly failures: readonly { readonly topic_name: string; readonly error_code: number; readonly message: string }[] };
  };
  /** Delete many topics. Each topic has its own result. */
  "POST /v3/clusters/{cluster_id}/topics:delete": {
    readonly path: { readonly cluster_id: string | number };
    readonly query: Readonly<Record<never, never>>;
    readonly body: { readonly data: readonly { readonly topic_name: string }[] };
    readonly answer: { readonly successes: readonly { readonly topic_name: string }[]; readonly failures: readonly { readonly topic_name: string; readonly error_code: number; readonly message: string }[] };
  };
}
