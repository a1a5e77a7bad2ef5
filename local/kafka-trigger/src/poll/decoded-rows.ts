/**
 * Records of one fetch as a mapping with a schema registry hands them over (https://docs.aws.amazon.com/lambda/latest/dg/services-consume-kafka-events.html):
 * the chosen parts are validated and decoded, the filter sees what was decoded, and what has no schema or does not fit goes to the on-failure destination.
 */
import { createDeadline, type Deadline } from "../../../../lib/deadline.js";
import { toRelayError } from "../../../../lib/errors.js";
import { type RecordView, toKafkaRecord } from "../../../../lib/kafka/codec/record-view.js";
import type { KafkaRecord } from "../../../../lib/kafka/records.js";
import { payloadBytesOf, type SchemasOfRecord, schemaMetadataBytesOf } from "../../../../lib/kafka-event/write.js";
import { parseFraming } from "../../../../lib/schemas/framing.js";
import { toFilterRecord } from "../filter.js";
import type { FilterOfRecords, MappingSchemas } from "../mapping.js";
import { extentOf, Rows, WaitingRecord } from "./rows.js";
import type { GivenUp, GiveUpCondition } from "./settle.js";

interface DecodedRows {
  readonly rows: readonly Rows[];
  readonly filteredOut: number;
  /** One for each reason. */
  readonly givenUp: readonly GivenUp[];
}

/** Of one fetch; the registry client's own limits are below. */
const registryTimeoutMs = 10_000;

/** Throws what a registry throws that cannot be asked: nothing of the fetch is taken then, and it is fetched again. */
export async function decodeRows(
  fetched: readonly Rows[],
  schemas: MappingSchemas,
  filter: FilterOfRecords | undefined,
): Promise<DecodedRows> {
  const deadline = createDeadline(registryTimeoutMs);
  const ruledOut = new Map<GiveUpCondition, WaitingRecord[]>();
  const kept: Rows[] = [];
  let filteredOut = 0;
  for (const rows of fetched) {
    const decoded: RowParts[] = [];
    for (let row = 0; row < rows.count; row++) {
      const parts = await decodeRow(rows, row, schemas, deadline);
      if ("condition" in parts) {
        const others = ruledOut.get(parts.condition) ?? [];
        ruledOut.set(parts.condition, [...others, new WaitingRecord(rows, row)]);
      } else if (filter === undefined || filter(asFiltered(parts, rows))) decoded.push(parts);
      else filteredOut++;
    }
    if (decoded.length > 0) kept.push(toRows(rows, decoded, schemas.format));
  }
  const givenUp = [...ruledOut].map(([condition, records]): GivenUp => {
    const { partition } = records[0]?.rows ?? { partition: 0 };
    return { runs: [{ partition, records, nextOffset: 0 }], condition, attempts: 0 };
  });
  return { rows: kept, filteredOut, givenUp };
}

/** A record, and what of it was decoded. */
interface RowParts {
  readonly view: RecordView;
  readonly json: { key?: Buffer; value?: Buffer };
  /** Without what names the schema. */
  readonly source: { key?: Buffer; value?: Buffer };
  readonly schemas: { -readonly [name in keyof SchemasOfRecord]: SchemasOfRecord[name] };
}

async function decodeRow(
  rows: Rows,
  row: number,
  { attributes, deserializer }: MappingSchemas,
  deadline: Deadline,
): Promise<RowParts | { readonly condition: GiveUpCondition }> {
  const view = rows.view(row);
  const record = toKafkaRecord(view, rows);
  const parts: RowParts = { view, json: {}, source: {}, schemas: {} };
  for (const part of attributes) {
    const bytes = record[part];
    if (bytes === null) continue;
    try {
      const decoded = await deserializer.decode(bytes, record.headers, part, deadline, { unions: "plain" });
      if (decoded === undefined) return { condition: "deserialization-error" };
      const { type, id, guid, versionId } = decoded.schema;
      parts.json[part] = Buffer.from(decoded.json);
      parts.source[part] = payloadOf(bytes, record, part);
      parts.schemas[part] = { dataFormat: type, schemaId: String(id ?? guid ?? versionId) };
    } catch (thrown) {
      const error = toRelayError(thrown);
      if (error.code === "schema-not-found") return { condition: "schema-not-found" };
      if (error.failure.blame === "record") return { condition: "deserialization-error" };
      throw error;
    }
  }
  return parts;
}

function payloadOf(bytes: Buffer, { headers }: KafkaRecord, part: "key" | "value"): Buffer {
  return parseFraming(bytes, headers, part)?.payload ?? bytes;
}

/** The filter sees JSON in either format. */
function asFiltered({ view, json }: RowParts, { topic, partition }: Rows): Parameters<FilterOfRecords>[0] {
  const record = toFilterRecord(view, topic, partition);
  return { ...record, key: json.key ?? record.key, value: json.value ?? record.value };
}

/** In a buffer of their own: key, value and headers of each record, one after the other. */
function toRows({ topic, partition, timestampType }: Rows, decoded: readonly RowParts[], format: MappingSchemas["format"]): Rows {
  const pieces = decoded.map(({ view, json, source }) => {
    const given = format === "JSON" ? json : source;
    const part = (own: Buffer | undefined, at: number, bytes: number) => own ?? (bytes < 0 ? null : view.bytes.subarray(at, at + bytes));
    return {
      key: part(given.key, view.keyAt, view.keyBytes),
      value: part(given.value, view.valueAt, view.valueBytes),
      headers: view.headerCount === 0 ? Buffer.alloc(0) : view.bytes.subarray(view.headersAt, extentOf(view)[1]),
    };
  });
  const bytes = Buffer.concat(pieces.flatMap(({ key, value, headers }) => [key ?? Buffer.alloc(0), value ?? Buffer.alloc(0), headers]));
  const rows = new Rows(topic, partition, bytes, timestampType);
  let at = 0;
  for (const [index, { key, value, headers }] of pieces.entries()) {
    const { view, schemas } = decoded[index] as RowParts;
    const [keyBytes, valueBytes] = [key?.length ?? -1, value?.length ?? -1];
    const valueAt = at + Math.max(0, keyBytes);
    const headersAt = valueAt + Math.max(0, valueBytes);
    const moved: RecordView = { ...view, bytes, keyAt: at, keyBytes, valueAt, valueBytes, headersAt };
    rows.add(moved, payloadBytesOf(moved, topic, partition) + schemaMetadataBytesOf(schemas), schemas);
    at = headersAt + headers.length;
  }
  return rows;
}
