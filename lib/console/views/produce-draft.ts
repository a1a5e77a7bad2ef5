/** A record while it is written: what the form holds, and the call that it becomes. Pure. */
import type { ShownRecord } from "../state/records.js";
import { toBase64, utf8Bytes } from "../words/bytes.js";
import { schemaFault, type TypedSchema, typedSchemaMembers } from "./produce-schema.js";

export type KeyType = "none" | "text" | "json" | "binary" | "schema";
export type ValueType = "json" | "text" | "binary" | "schema" | "null" | "event";

export interface DraftHeader {
  readonly name: string;
  readonly value: string;
  readonly isBase64?: boolean;
}

export interface ProduceDraft {
  readonly partition?: string;
  readonly keyType?: KeyType;
  readonly key?: string;
  readonly valueType?: ValueType;
  readonly value?: string;
  readonly keySchema?: TypedSchema;
  readonly valueSchema?: TypedSchema;
  readonly headers?: readonly DraftHeader[];
  /** Attributes of a CloudEvent. */
  readonly eventType?: string;
  readonly eventSource?: string;
}

/** The same record again: bytes as they were. */
export function toDraft(record: ShownRecord): ProduceDraft {
  const { key, key_format, value, value_format, headers } = record;
  return {
    ...(key === null ? { keyType: "none" } : { keyType: key_format === "base64" ? "binary" : "text", key }),
    ...(value === null ? { valueType: "null" } : { valueType: value_format === "base64" ? "binary" : "text", value }),
    headers: headers.map(({ name, value: text, value_format: format }) => ({ name, value: text ?? "", isBase64: format === "base64" })),
  };
}

interface ProduceCall {
  readonly path: string;
  readonly body: string;
  readonly contentType: string;
}

/** The call, or what is wrong with the draft. JSON goes into the body as it was typed, with all its digits. */
export function toCall(clusterId: string, topic: string, draft: Required<ProduceDraft>): ProduceCall | { readonly fault: string } {
  if (draft.valueType === "event") return toEventCall(topic, draft);
  const fault =
    faultOf("key", draft.keyType, draft.key, draft.keySchema) ?? faultOf("value", draft.valueType, draft.value, draft.valueSchema);
  if (fault !== undefined) return { fault };
  if (draft.partition !== "" && !/^\d+$/.test(draft.partition)) return { fault: "The partition must be a number, or empty." };
  const headers = draft.headers
    .filter(({ name }) => name !== "")
    .map(({ name, value, isBase64 }) => ({ name, value: isBase64 === true ? value : toBase64(utf8Bytes(value)) }));
  const members = [
    ...(draft.partition === "" ? [] : [`"partition_id":${draft.partition}`]),
    ...(headers.length === 0 ? [] : [`"headers":${JSON.stringify(headers)}`]),
    ...(draft.keyType === "none" ? [] : [`"key":${toData(draft.keyType, draft.key, draft.keySchema)}`]),
    ...(draft.valueType === "null" ? [] : [`"value":${toData(draft.valueType, draft.value, draft.valueSchema)}`]),
  ];
  return {
    path: `/v3/clusters/${clusterId}/topics/${encodeURIComponent(topic)}/records`,
    body: `{${members.join(",")}}`,
    contentType: "application/json",
  };
}

const types = { text: "STRING", json: "JSON", binary: "BINARY" } as const;
function toData(type: keyof typeof types | "schema", data: string, schema: TypedSchema): string {
  if (type === "schema") return `{${[...typedSchemaMembers(schema), `"data":${data}`].join(",")}}`;
  return `{"type":"${types[type]}","data":${type === "json" ? data : JSON.stringify(data)}}`;
}

function faultOf(what: "key" | "value", type: KeyType | ValueType, text: string, schema: TypedSchema): string | undefined {
  const fault = type === "schema" ? schemaFault(what, schema) : undefined;
  if (fault !== undefined) return fault;
  if ((type === "json" || type === "schema") && !isJson(text)) return `The ${what} is not valid JSON.`;
  if (type === "binary" && !/^[A-Za-z0-9+/]*={0,2}$/.test(text.trim())) return `The ${what} is not valid base64.`;
  return undefined;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function toEventCall(topic: string, { value, eventType, eventSource }: Required<ProduceDraft>): ProduceCall | { readonly fault: string } {
  if (eventType === "" || eventSource === "") return { fault: "A CloudEvent needs a type and a source." };
  if (!isJson(value)) return { fault: "The event's data is not valid JSON." };
  const attributes = {
    specversion: "1.0",
    id: crypto.randomUUID(),
    type: eventType,
    source: eventSource,
    datacontenttype: "application/json",
  };
  const body = `${JSON.stringify(attributes).slice(0, -1)},"data":${value}}`;
  return { path: `/topics/${encodeURIComponent(topic)}/events`, body, contentType: "application/cloudevents+json" };
}
