/** What a read answers, for the description of the API. */
import * as v from "valibot";

/** Offsets and times: JSON numbers with all their digits. */
const int64 = v.pipe(v.number(), v.integer());
const headers = v.array(v.object({ name: v.string(), value: v.nullable(v.string()), value_format: v.optional(v.literal("base64")) }));
const format = v.optional(v.picklist(["json", "string", "base64", "avro", "jsonschema", "protobuf"]));
/** Of a decoded part: the schema that it names, by its id, its GUID or AWS Glue's version id; and the message of Protobuf. */
const schema = v.optional(
  v.object({
    id: v.optional(v.number()),
    guid: v.optional(v.string()),
    glue_version_id: v.optional(v.string()),
    message: v.optional(v.string()),
  }),
);
/** Why a part could not be decoded. */
const decodingError = v.optional(v.string());
const recordFields = {
  offset: int64,
  /** Milliseconds since the epoch. */
  timestamp: int64,
  timestamp_type: v.picklist(["CREATE_TIME", "LOG_APPEND_TIME"]),
  key: v.unknown(),
  key_format: format,
  key_schema: schema,
  key_error: decodingError,
  value: v.unknown(),
  value_format: format,
  value_schema: schema,
  value_error: decodingError,
  headers,
  /** Present where the record is too large for the answer: the sizes of what was left out. */
  omitted: v.optional(v.object({ key_bytes: v.number(), value_bytes: v.number() })),
};
const v2Record = v.object({ topic: v.string(), partition: v.number(), ...recordFields });
export const oneRecord = v.object({ topic_name: v.string(), partition_id: v.number(), ...recordFields });
const progressFields = {
  next_offset: int64,
  high_watermark: v.nullable(int64),
  deleted_before: v.optional(int64),
  truncated_to: v.optional(int64),
};

/** Of a filtered read: how many records it looked at, and whether it stopped at its limit, so that later records may match too. */
const scanFields = { scanned: v.optional(int64), scan_limited: v.optional(v.boolean()) };

export const topicRecords = v.object({
  topic: v.string(),
  records: v.array(v2Record),
  partitions: v.array(
    v.object({
      partition: v.number(),
      ...progressFields,
      error: v.optional(v.object({ error_code: v.number(), message: v.string(), retriable: v.boolean() })),
    }),
  ),
  cursor: v.string(),
  ...scanFields,
});
export const partitionRecords = v.object({
  kind: v.literal("KafkaRecordList"),
  metadata: v.object({ self: v.string(), next: v.string() }),
  topic_name: v.string(),
  partition_id: v.number(),
  records: v.array(oneRecord),
  ...progressFields,
  cursor: v.string(),
  ...scanFields,
});
