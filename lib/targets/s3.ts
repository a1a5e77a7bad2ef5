/** The target "s3": records become objects named by their topic, partition and offsets; nothing is ever written over, so a repeat changes nothing. */

import { createHash } from "node:crypto";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import * as v from "valibot";
import { installed } from "../installed.js";
import { flag, oneOf, whole } from "../option-values.js";
import type { Delivery, DeliveryOutcome, TargetDefinition } from "../relay/delivery.js";
import { type AwsOptions, callTimeoutMs, clientConfig, eachBounded, failedByAws, lazily } from "./aws.js";
import { type ElementKind, toElement } from "./element.js";
import { assertConsistent, checkedText, textOf } from "./option-checks.js";
import { awsEntries, checkOptions } from "./options.js";
import { delivered, endsCall, failedByRecord } from "./outcome.js";
import { type FolderOf, parsePath } from "./s3/path.js";

export interface S3Options extends AwsOptions {
  readonly bucket: string;
  /** Before every name; "" where absent. */
  readonly prefix?: string;
  /**
   * The folders below the prefix; "{topic}/{partition}" where absent. Also {year}, {month}, {day}, {hour} and {minute}, of the record's time in UTC: records of
   * different folders are different objects.
   */
  readonly path?: string;
  /** "ndjson" (default): a batch's records of one partition are one object, one JSON line each. "raw": each record's value is an object, byte for byte. */
  readonly format?: "ndjson" | "raw";
  /** Of "ndjson": whole records ("record", default) or their JSON values alone. */
  readonly element?: ElementKind;
  readonly gzip?: boolean;
  /** Maximum records per object; 1,000 if absent. */
  readonly recordsMax?: number;
  /** For stores that know buckets by path alone. */
  readonly forcePathStyle?: boolean;
}

interface NewObject {
  readonly key: string;
  readonly body: Buffer;
  readonly contentType: string;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly deliveries: readonly Delivery[];
}

const compress = promisify(gzip);
const rawPutsMax = 8;

const optionEntries = {
  ...awsEntries,
  bucket: textOf(
    /^([A-Za-z0-9][A-Za-z0-9._-]{1,253}[A-Za-z0-9]|arn:aws[a-z-]*:s3.+)$/,
    "the name of a bucket, or the ARN of an access point",
  ),
  // A key has at most 1,024 bytes; path, topic, offsets and digest need the rest.
  prefix: v.optional(v.pipe(v.string("must be text"), v.maxBytes(500, "must be at most 500 bytes"))),
  path: v.optional(checkedText(parsePath)),
  format: v.optional(oneOf("ndjson", "raw")),
  element: v.optional(oneOf("value", "record")),
  gzip: v.optional(flag),
  recordsMax: v.optional(whole(1, 10_000)),
  forcePathStyle: v.optional(flag),
};

export function s3(options: S3Options): TargetDefinition {
  checkOptions("s3", options, optionEntries);
  assertConsistent("s3", [
    options.format === "raw" && options.element !== undefined && "element: does not apply to raw objects, which hold the value alone",
  ]);
  const folderOf = parsePath(options.path ?? "{topic}/{partition}");
  const name = `s3://${options.bucket}/${options.prefix ?? ""}`;
  return {
    kind: "s3",
    name,
    options: { ...options },
    open: (context) => {
      const client = lazily(
        async () => {
          const { S3Client } = await installed("@aws-sdk/client-s3", () => import("@aws-sdk/client-s3"));
          return new S3Client({ ...clientConfig(options, context), forcePathStyle: options.forcePathStyle ?? false });
        },
        (made) => made.destroy(),
      );
      const put = async ({ key, body, contentType, metadata }: NewObject, leftMs: number): Promise<DeliveryOutcome> => {
        try {
          const { PutObjectCommand } = await installed("@aws-sdk/client-s3", () => import("@aws-sdk/client-s3"));
          const object = {
            Bucket: options.bucket,
            Key: key,
            Body: options.gzip ? await compress(body) : body,
            ContentType: contentType,
            IfNoneMatch: "*",
            ...(options.gzip ? { ContentEncoding: "gzip" } : {}),
            ...(metadata === undefined ? {} : { Metadata: { ...metadata } }),
          };
          await (await client.get()).send(new PutObjectCommand(object), {
            abortSignal: AbortSignal.timeout(callTimeoutMs(options, leftMs)),
          });
          return delivered;
        } catch (thrown) {
          const status = (thrown as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode;
          // 412: an object of that name, which names exactly these deliveries, is there. 409: another attempt writes it right now.
          if (status === 412) return delivered;
          return failedByAws(thrown, name);
        }
      };
      return {
        kind: "s3",
        name,
        deliveriesMax: options.recordsMax ?? 1_000,
        keepsOrder: true, // objects stand alone under names that sort
        deliver: (deliveries, deadline) => deliverObjects(deliveries, options, folderOf, (object) => put(object, deadline.leftMs())),
        close: client.forget,
      };
    },
  };
}

async function deliverObjects(
  deliveries: readonly Delivery[],
  options: S3Options,
  folderOf: FolderOf,
  put: (object: NewObject) => Promise<DeliveryOutcome>,
): Promise<readonly DeliveryOutcome[]> {
  const outcomes = new Map<Delivery, DeliveryOutcome>();
  const isRaw = options.format === "raw";
  const objects = (isRaw ? rawObjects : linesObjects)(deliveries, options, folderOf, outcomes);
  let held: DeliveryOutcome | undefined;
  await eachBounded(objects, isRaw ? rawPutsMax : 1, async (object) => {
    const outcome = held ?? (await put(object));
    if (endsCall(outcome)) held ??= outcome;
    for (const delivery of object.deliveries) outcomes.set(delivery, outcome);
  });
  return deliveries.map((delivery) => outcomes.get(delivery) as DeliveryOutcome);
}

/** One object per folder of the batch; records that cannot be a line fail alone. */
function linesObjects(
  deliveries: readonly Delivery[],
  options: S3Options,
  folderOf: FolderOf,
  outcomes: Map<Delivery, DeliveryOutcome>,
): readonly NewObject[] {
  const groups = new Map<string, { readonly deliveries: Delivery[]; readonly lines: string[] }>();
  for (const delivery of deliveries) {
    try {
      const line = toElement(delivery, options.element ?? "record");
      const folder = folderOf(delivery);
      const group = groups.get(folder) ?? { deliveries: [], lines: [] };
      group.deliveries.push(delivery);
      group.lines.push(line);
      groups.set(folder, group);
    } catch (thrown) {
      outcomes.set(delivery, failedByRecord(thrown));
    }
  }
  return [...groups].map(([folder, group]) => ({
    key: objectKey(folder, group.deliveries, options, "ndjson"),
    body: Buffer.from(`${group.lines.join("\n")}\n`),
    contentType: "application/x-ndjson",
    deliveries: group.deliveries,
  }));
}

/** One object per record; those whose time names no folder fail alone. */
function rawObjects(
  deliveries: readonly Delivery[],
  options: S3Options,
  folderOf: FolderOf,
  outcomes: Map<Delivery, DeliveryOutcome>,
): readonly NewObject[] {
  return deliveries.flatMap((delivery) => {
    try {
      return [rawObject(folderOf(delivery), delivery, options)];
    } catch (thrown) {
      outcomes.set(delivery, failedByRecord(thrown));
      return [];
    }
  });
}

function rawObject(folder: string, delivery: Delivery, options: S3Options): NewObject {
  const { key, value } = delivery.message;
  const contentType = delivery.message.headers.find(({ name }) => name.toLowerCase() === "content-type")?.value?.toString("latin1");
  return {
    key: objectKey(folder, [delivery], options, "bin"),
    body: value ?? Buffer.alloc(0),
    contentType: contentType !== undefined && /^[\x20-\x7e]+$/.test(contentType) ? contentType : "application/octet-stream",
    metadata: {
      "kafka-timestamp": String(delivery.message.timestampMs),
      ...(key === null ? {} : { "kafka-key-base64": key.toString("base64") }),
      ...(value === null ? { "kafka-tombstone": "true" } : {}),
    },
    deliveries: [delivery],
  };
}

/**
 * `<prefix><folder>/<first offset>-<last offset>-<digest of the delivery ids>.<ending>`, offsets in 20 digits so that names sort. The digest makes two
 * objects of one name hold the same deliveries, also when a batch was cut elsewhere or a filter changed.
 */
function objectKey(
  folder: string,
  deliveries: readonly Delivery[],
  { prefix = "", gzip: isGzip = false }: S3Options,
  ending: string,
): string {
  const [first, last] = [deliveries[0] as Delivery, deliveries.at(-1) as Delivery];
  const offset = (delivery: Delivery) => String(delivery.source.offset).padStart(20, "0");
  const digest = createHash("sha256")
    .update(deliveries.map(({ id }) => id).join("\n"))
    .digest("hex")
    .slice(0, 12);
  return `${prefix}${folder}/${offset(first)}-${offset(last)}-${digest}.${ending}${isGzip ? ".gz" : ""}`;
}
