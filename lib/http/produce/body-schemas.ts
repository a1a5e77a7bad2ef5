/** What produce requests hold, for the API's description: the bodies themselves are walked by a scanner, which a test holds to these. */
import * as v from "valibot";

const base64 = v.pipe(v.string(), v.description("base64"));
const header = v.strictObject({ name: v.string(), value: v.nullish(base64) });
const timestamp = v.union([v.pipe(v.number(), v.integer(), v.minValue(0)), v.pipe(v.string(), v.isoTimestamp())]);
const partition = v.pipe(v.number(), v.integer());
const sharedMembers = { headers: v.nullish(v.array(header)), timestamp: v.nullish(timestamp) };

const v2Request = (embedded: v.GenericSchema) =>
  v.strictObject({
    records: v.pipe(
      v.array(
        v.strictObject({ key: v.optional(embedded), value: v.optional(embedded), partition: v.nullish(partition), ...sharedMembers }),
      ),
      v.minLength(1),
    ),
    key_schema: v.optional(v.unknown()),
    key_schema_id: v.optional(v.unknown()),
    value_schema: v.optional(v.unknown()),
    value_schema_id: v.optional(v.unknown()),
  });

const anyJson = v2Request(v.unknown());
const bytes = v2Request(v.nullable(base64));
const text = v2Request(v.nullable(v.string()));

export const v2Bodies = {
  "application/vnd.kafka.json.v2+json": anyJson,
  "application/json": anyJson,
  "application/vnd.kafka.binary.v2+json": bytes,
  "application/vnd.kafka.text.v2+json": text,
} as const;

const v3Data = v.union([
  v.strictObject({ type: v.literal("JSON"), data: v.optional(v.unknown()) }),
  v.strictObject({ type: v.literal("BINARY"), data: v.nullish(base64) }),
  v.strictObject({ type: v.literal("STRING"), data: v.nullish(v.string()) }),
]);
const v3Members = { key: v.nullish(v3Data), value: v.nullish(v3Data), partition_id: v.nullish(partition), ...sharedMembers };

/** One of the objects that stand one behind the other. */
export const v3Record = v.pipe(v.strictObject(v3Members), v.description("One record; a body is any number of them, one behind the other."));

export const v3Batch = v.strictObject({
  entries: v.pipe(v.array(v.strictObject({ id: v.pipe(v.string(), v.regex(/^[0-9A-Za-z_-]{1,80}$/)), ...v3Members })), v.minLength(1)),
});

const attribute = v.union([v.string(), v.boolean(), v.pipe(v.number(), v.integer()), v.null()]);
const required = v.pipe(v.string(), v.nonEmpty());
const cloudEvent = v.objectWithRest(
  {
    specversion: v.literal("1.0"),
    id: required,
    source: required,
    type: required,
    subject: v.nullish(required),
    time: v.nullish(v.pipe(v.string(), v.isoTimestamp())),
    datacontenttype: v.nullish(required),
    dataschema: v.nullish(required),
    partitionkey: v.nullish(v.pipe(v.string(), v.description("The record's key."))),
    data: v.optional(v.unknown()),
    data_base64: v.nullish(base64),
  },
  attribute,
);

export const eventBodies = {
  "application/cloudevents+json": cloudEvent,
  "application/cloudevents-batch+json": v.array(cloudEvent),
  "*/*": v.pipe(v.unknown(), v.description("Binary mode: the event's data, its attributes in ce-* headers.")),
} as const;
