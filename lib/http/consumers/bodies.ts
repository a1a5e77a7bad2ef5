/** The bodies of the v2 consumer operations: instances, subscriptions, partitions, positions and offsets, checked and in our own words. */
import * as v from "valibot";
import { consumerFormats, type InstanceOptions, partitionsMax, plainFormats } from "../../consumers/options.js";
import { RelayError } from "../../errors.js";
import { parseStrictJson } from "../../json/strict.js";
import { offset, shortText } from "../rest/v3-resources.js";
import { timeMs } from "../timestamp.js";
import { validate } from "../validation.js";

const partition = v.pipe(v.number(), v.integer(), v.minValue(0, "must be 0 or more"), v.maxValue(2_147_483_647));
const partitionName = { topic: shortText, partition };
const offsetFromZero = v.pipe(
  offset,
  v.check((value) => value >= 0n, "must be 0 or more"),
);
const many = <const Item extends v.GenericSchema>(item: Item) =>
  v.pipe(v.array(item), v.maxLength(partitionsMax, `must have at most ${partitionsMax} entries`));

export const partitionsBody = v.strictObject({ partitions: many(v.strictObject(partitionName)) });

export const positionsBody = v.strictObject({
  offsets: v.nullish(many(v.strictObject({ ...partitionName, offset: offsetFromZero, metadata: v.nullish(v.string()) }))),
  timestamps: v.nullish(many(v.strictObject({ ...partitionName, timestamp: timeMs, metadata: v.nullish(v.string()) }))),
});

/** The offset of the last record that is done with: the next one is committed. */
export const commitBody = v.strictObject({
  offsets: v.nullish(
    many(
      v.strictObject({
        ...partitionName,
        offset: v.pipe(
          offset,
          v.check((value) => value >= -1n && value < maxOffset, "must be 0 or more"),
        ),
        metadata: v.nullish(shortText),
      }),
    ),
  ),
});
const maxOffset = 9_223_372_036_854_775_807n;

export const subscriptionBody = v.strictObject({
  topics: v.nullish(v.pipe(v.array(shortText), v.maxLength(partitionsMax, `must have at most ${partitionsMax} entries`))),
  topic_pattern: v.nullish(v.string()),
});

const textOrNumber = v.nullish(v.union([v.string(), v.number()]));
const textOrFlag = v.nullish(v.union([v.string(), v.boolean()]));

export const createBody = v.strictObject({
  name: v.nullish(v.string()),
  id: v.nullish(v.string()),
  format: v.nullish(v.string()),
  "auto.offset.reset": v.nullish(v.string()),
  "auto.commit.enable": textOrFlag,
  "enable.auto.commit": textOrFlag,
  "fetch.min.bytes": textOrNumber,
  responseMinBytes: textOrNumber,
  "consumer.request.timeout.ms": textOrNumber,
  requestWaitMs: textOrNumber,
  autoOffsetReset: v.nullish(v.string()),
  autoCommitEnable: textOrFlag,
  "isolation.level": v.nullish(v.string()),
  /** Karapace's clients send it. Nothing is refreshed at intervals here: metadata is read again when it is wrong, and a pattern's topics are looked up as they age. */
  "topic.metadata.refresh.interval.ms": textOrNumber,
});
type CreateBody = v.InferOutput<typeof createBody>;

const nameLengthMax = 249;
const requestTimeoutDefaultMs = 1_000;
const requestTimeoutMaxMs = 30_000;
const bytesMinMax = 10_000_000;

interface SchemasOfInstances {
  /** Is a registry configured? */
  readonly isConfigured: boolean;
  readonly deserializer: InstanceOptions["deserializer"];
}

/** Throws `unprocessable` (422) for an unknown format, `consumer-config` (42204) for another value that is not one of those that exist, and `consumer-limit-exceeded` (40001) for a number out of its range. */
export function toInstance(
  body: CreateBody,
  schemas: SchemasOfInstances,
): { readonly name: string | undefined; readonly options: InstanceOptions } {
  const reset = oneOf(body, ["auto.offset.reset", "autoOffsetReset"]);
  const commit = oneOf(body, ["auto.commit.enable", "enable.auto.commit", "autoCommitEnable"]);
  picked("isolation.level", body["isolation.level"] ?? "read_committed", ["read_committed"]);
  return {
    name: toName(body.name ?? body.id ?? undefined),
    options: {
      format: toFormat(body.format ?? "binary", schemas.isConfigured),
      deserializer: schemas.deserializer,
      offsetReset: picked("auto.offset.reset", reset ?? "latest", ["earliest", "latest", "none"]),
      isAutoCommit: picked("auto.commit.enable", String(commit ?? true), ["true", "false"]) === "true",
      bytesMin: whole("fetch.min.bytes", oneOf(body, ["fetch.min.bytes", "responseMinBytes"]) ?? -1, -1, bytesMinMax),
      requestTimeoutMs: whole(
        "consumer.request.timeout.ms",
        oneOf(body, ["consumer.request.timeout.ms", "requestWaitMs"]) ?? requestTimeoutDefaultMs,
        1,
        requestTimeoutMaxMs,
      ),
    },
  };
}

/** The value of a setting that has several names. */
function oneOf(body: CreateBody, names: readonly (keyof CreateBody)[]): string | number | boolean | undefined {
  const given = names.filter((name) => body[name] != null);
  if (given.length > 1) throw new RelayError("consumer-config", `body: ${given.join(" and ")} are the same setting. Give one of them.`);
  return given[0] === undefined ? undefined : (body[given[0]] ?? undefined);
}

function toName(name: string | undefined): string | undefined {
  if (name === undefined) return undefined;
  if (name === "" || name.length > nameLengthMax || !/^[\x21-\x7e]+$/.test(name))
    throw new RelayError("consumer-config", `body: the name of an instance must have 1 to ${nameLengthMax} visible ASCII characters.`);
  return name;
}

function toFormat(given: string, hasSchemas: boolean): InstanceOptions["format"] {
  const format = consumerFormats.find((one) => one === given.toLowerCase());
  if (format === undefined) throw new RelayError("unprocessable", `body: format must be ${alternatives(consumerFormats)}.`);
  if (hasSchemas || plainFormats.some((one) => one === format)) return format;
  throw new RelayError(
    "consumer-config",
    `body: format ${format} needs a schema registry, and none is configured (SCHEMA_REGISTRY_URL or GLUE_REGISTRY). Use binary, json or text.`,
  );
}

function picked<const Value extends string>(name: string, given: string | number | boolean, values: readonly Value[]): Value {
  const found = values.find((value) => value === String(given).toLowerCase());
  if (found === undefined) throw new RelayError("consumer-config", `body: ${name} must be ${alternatives(values)}.`);
  return found;
}

/** `a`, `a or b`, `a, b or c`. */
function alternatives(values: readonly string[]): string {
  return [values.slice(0, -1).join(", "), ...values.slice(-1)].filter((part) => part !== "").join(" or ");
}

function whole(name: string, given: string | number | boolean, min: number, max: number): number {
  if (!/^-?\d{1,15}$/.test(String(given))) throw new RelayError("consumer-config", `body: ${name} must be a whole number.`);
  const value = Number(given);
  if (value < min || value > max) throw new RelayError("consumer-limit-exceeded", `body: ${name} must be between ${min} and ${max}.`);
  return value;
}

/** A body that may be absent. Throws as the check of every other body does. */
export function optionalBody<const Schema extends v.GenericSchema>(schema: Schema, rawBody: Buffer): v.InferOutput<Schema> | undefined {
  const text = rawBody.toString("utf8");
  return text.trim() === "" ? undefined : validate(schema, parseStrictJson(text), "body", text.length);
}
