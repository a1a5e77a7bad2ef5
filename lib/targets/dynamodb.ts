/** The target "dynamodb": records become items; the newest record of a key is its item, a tombstone deletes it, and a repeat changes nothing. */

import type { AttributeValue, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import * as v from "valibot";
import { RelayError } from "../errors.js";
import { installed } from "../installed.js";
import { oneOf, text, whole } from "../option-values.js";
import type { Delivery, DeliveryOutcome, TargetDefinition } from "../relay/delivery.js";
import { isContainer } from "../relay/route/path.js";
import { type AwsOptions, callTimeoutMs, clientConfig, eachBounded, failedByAws, lazily } from "./aws.js";
import { assertPath, type Change, type ChangeRules, type RowMapping, type Tombstones, toChange } from "./change.js";
import { attributeNamed, ofKeyType, toAttribute } from "./dynamodb/attribute.js";
import { assertConsistent, checkedText, textOf } from "./option-checks.js";
import { awsEntries, checkOptions, made } from "./options.js";
import { delivered, endsCall, failedByRecord, isRecordFault } from "./outcome.js";

export interface DynamoDbOptions extends AwsOptions {
  readonly table: string;
  /** The partition key, and the sort key where the table has one. */
  readonly key: readonly [string] | readonly [string, string];
  /**
   * The types of key attributes, where the record's JSON does not give them: "number" stores numeric text as a number, "string" stores a number as text. Needed for
   * tombstones of a numeric key, because a Kafka key of 42 does not say which of the two it is.
   */
  readonly keyTypes?: Readonly<Record<string, "number" | "string">>;
  /** Where each attribute's value is, as in the SQL target; or a function. Absent: the members of the JSON value. */
  readonly attributes?: RowMapping;
  /** What a null value does: "delete" (default), "skip", "dead-letter", or "mark": the item stays, as its key and `relay_deleted: true`, and guards on. */
  readonly tombstones?: Tombstones | "mark";
  /** The route's `generation`, which may be set here instead. */
  readonly generation?: number;
  /** Calls under way at once; 16 where absent. Changes of one key follow each other. */
  readonly concurrencyMax?: number;
}

/** The later of two, or of another topic, partition or generation: anything but an item that came from a later offset of the same. */
const guard =
  "attribute_not_exists(relay_offset) OR relay_topic <> :topic OR relay_partition <> :partition OR relay_generation <> :generation OR relay_offset <= :offset";
const guardAttributes: readonly string[] = ["relay_topic", "relay_partition", "relay_offset", "relay_generation", "relay_deleted"];
const deliveriesMax = 100;
const concurrencyMaxDefault = 16;

const optionEntries = {
  ...awsEntries,
  table: textOf(
    /^[A-Za-z0-9_.-]{1,255}$|^arn:aws[a-z-]*:dynamodb:[^:]*:\d{12}:table\/.+$/,
    "the name of a table (letters, digits, _, - and .) or its ARN",
  ),
  key: v.pipe(
    v.array(text),
    v.minLength(1, "must name the partition key"),
    v.maxLength(2, "must name at most the partition key and the sort key"),
    v.check((names) => new Set(names).size === names.length, "must not name an attribute twice"),
  ),
  keyTypes: v.optional(v.record(v.string(), oneOf("number", "string"))),
  attributes: v.optional(
    v.union([v.record(v.string(), checkedText(assertPath)), made], "must be an object of paths, or a function of the delivery"),
  ),
  tombstones: v.optional(oneOf("delete", "skip", "dead-letter", "mark")),
  generation: v.optional(whole(0, Number.MAX_SAFE_INTEGER)),
  concurrencyMax: v.optional(whole(1, 1_000)),
};

function assertSound(options: DynamoDbOptions): void {
  const { attributes } = options;
  const missing = typeof attributes === "object" ? options.key.find((each) => !Object.hasOwn(attributes, each)) : undefined;
  const clash = typeof attributes === "object" ? Object.keys(attributes).find((each) => guardAttributes.includes(each)) : undefined;
  const { keyTypes = {} } = options;
  const typed = Object.keys(keyTypes).find((each) => !options.key.includes(each));
  assertConsistent("dynamodb", [
    typed !== undefined && `keyTypes.${typed}: is not an attribute of key`,
    missing !== undefined && `attributes: has no path for the key ${JSON.stringify(missing)}`,
    clash !== undefined && `attributes.${clash}: is an attribute of the target's own`,
  ]);
}

export function dynamodb(options: DynamoDbOptions): TargetDefinition {
  checkOptions("dynamodb", options, optionEntries);
  assertSound(options);
  const { keyTypes = {} } = options;
  const name = options.table;
  const { tombstones = "delete" } = options;
  const rules = {
    key: options.key,
    columns: options.attributes ?? valueMembers,
    tombstones: tombstones === "mark" ? ("delete" as const) : tombstones,
    toValue: (value: unknown, attribute: string) =>
      toAttribute(ofKeyType(value, attribute, keyTypes[attribute]), attributeNamed(attribute)),
  };
  return {
    kind: "dynamodb",
    name,
    options: { ...options },
    open: (context) => {
      const client = lazily(
        async () =>
          new (await installed("@aws-sdk/client-dynamodb", () => import("@aws-sdk/client-dynamodb"))).DynamoDBClient(
            clientConfig(options, context),
          ),
        (made) => made.destroy(),
      );
      const apply = async (change: Change<AttributeValue>, leftMs: () => number): Promise<DeliveryOutcome> => {
        try {
          await applyChange(await client.get(), options, change, callTimeoutMs(options, leftMs()));
          return delivered;
        } catch (thrown) {
          // What is there came from a later record: nothing is left to do for this one.
          if (thrown instanceof Error && thrown.name === "ConditionalCheckFailedException") return delivered;
          return failedByAws(thrown, name);
        }
      };
      return {
        kind: "dynamodb",
        name,
        deliveriesMax,
        keepsOrder: true, // of one key, which is all that has an order in a table
        deliver: (deliveries, deadline) =>
          deliverByKey(deliveries, rules, options.concurrencyMax ?? concurrencyMaxDefault, (change) => apply(change, deadline.leftMs)),
        close: client.forget,
      };
    },
  };
}

/** Keys go side by side. Of several changes to one key only the last is made. */
async function deliverByKey(
  deliveries: readonly Delivery[],
  rules: ChangeRules<AttributeValue>,
  concurrencyMax: number,
  apply: (change: Change<AttributeValue>) => Promise<DeliveryOutcome>,
): Promise<readonly DeliveryOutcome[]> {
  const outcomes = new Map<Delivery, DeliveryOutcome>();
  const byKey = changesByKey(deliveries, rules, outcomes);
  let held: DeliveryOutcome | undefined;
  await eachBounded([...byKey.values()], concurrencyMax, async (changes) => {
    // From the last backwards: what a later record has written stands for the earlier ones of its key.
    let last = held;
    for (const [delivery, change] of [...changes].reverse()) {
      if (last === undefined || isRecordFault(last)) last = held ?? (await apply(change));
      if (endsCall(last)) held ??= last;
      outcomes.set(delivery, last);
    }
  });
  return deliveries.map((delivery) => outcomes.get(delivery) as DeliveryOutcome);
}

/** Deliveries that change nothing, or cannot become a change, have their outcome at once. */
function changesByKey(deliveries: readonly Delivery[], rules: ChangeRules<AttributeValue>, outcomes: Map<Delivery, DeliveryOutcome>) {
  const byKey = new Map<string, (readonly [Delivery, Change<AttributeValue>])[]>();
  for (const delivery of deliveries) {
    try {
      const change = toChange(delivery, rules);
      if (change === undefined) {
        outcomes.set(delivery, delivered);
        continue;
      }
      const key = JSON.stringify(rules.key.map((column) => change.row[column]));
      byKey.set(key, [...(byKey.get(key) ?? []), [delivery, change]]);
    } catch (thrown) {
      outcomes.set(delivery, failedByRecord(thrown));
    }
  }
  return byKey;
}

async function applyChange(
  client: DynamoDBClient,
  options: DynamoDbOptions,
  change: Change<AttributeValue>,
  timeoutMs: number,
): Promise<void> {
  const { DeleteItemCommand, PutItemCommand } = await installed("@aws-sdk/client-dynamodb", () => import("@aws-sdk/client-dynamodb"));
  const coordinates = {
    topic: { S: change.topic },
    partition: { N: String(change.partition) },
    offset: { N: String(change.offset) },
    generation: { N: String(change.generation) },
  };
  const condition = {
    TableName: options.table,
    ConditionExpression: guard,
    ExpressionAttributeValues: Object.fromEntries(Object.entries(coordinates).map(([column, value]) => [`:${column}`, value])),
  };
  const abortSignal = AbortSignal.timeout(timeoutMs);
  if (change.kind === "delete" && options.tombstones !== "mark") {
    await client.send(new DeleteItemCommand({ ...condition, Key: { ...change.row } }), { abortSignal });
    return;
  }
  const Item = {
    ...change.row,
    ...Object.fromEntries(Object.entries(coordinates).map(([column, value]) => [`relay_${column}`, value])),
    ...(change.kind === "delete" ? { relay_deleted: { BOOL: true } } : {}),
  };
  await client.send(new PutItemCommand({ ...condition, Item }), { abortSignal });
}

function valueMembers({ message }: Delivery): Readonly<Record<string, unknown>> {
  const document = message.exactDocument();
  if (isContainer(document) && !Array.isArray(document)) return document as Record<string, unknown>;
  throw new RelayError(
    "record-not-for-target",
    "The record's value must be a JSON object, because its members become the item's attributes.",
  );
}
