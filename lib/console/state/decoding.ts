/** A key or a value decoded by the schema that it names, with all its digits: the answer of the API is read as text. */
import { createClient } from "../../client/client.js";
import { type JsonNode, parseJsonTree } from "../words/json-text.js";
import type { ShownRecord } from "./records.js";
import { cluster, token } from "./session.js";
import { apiUrl } from "./settings.js";

/** Answers as trees in place of values. */
const treeApi = createClient({ baseUrl: apiUrl, token: () => token.value, retry: { attemptsMax: 2 }, parseJson: parseJsonTree });

interface DecodedData {
  readonly node: JsonNode | undefined;
  /** "avro", with what names the schema: "id 7". */
  readonly schema: string;
  /** Why it could not be decoded. */
  readonly fault: string | undefined;
}

export async function decodeRecord(
  topic: string,
  { partition, offset }: ShownRecord,
  part: "key" | "value",
  signal: AbortSignal,
): Promise<DecodedData> {
  const answer = await treeApi.call("GET /v3/clusters/{cluster_id}/topics/{topic}/partitions/{partition}/records/{offset}", {
    path: { ...cluster.value, topic, partition, offset },
    query: { [`${part}_format`]: "schema" } as { readonly value_format?: "schema" },
    signal,
  });
  const tree = answer as unknown as JsonNode;
  const schema = memberOf(tree, `${part}_schema`);
  const names = schema?.kind === "object" ? schema.members.map(([name, node]) => `${name.replaceAll("_", " ")} ${textOf(node)}`) : [];
  return {
    node: memberOf(tree, part),
    schema: [textOf(memberOf(tree, `${part}_format`)), ...names].join(", "),
    fault: textOf(memberOf(tree, `${part}_error`)) || undefined,
  };
}

const memberOf = (node: JsonNode, name: string): JsonNode | undefined =>
  node.kind === "object" ? node.members.find(([one]) => one === name)?.[1] : undefined;

const textOf = (node: JsonNode | undefined): string => (node !== undefined && "text" in node ? node.text : "");

/** The first byte of Confluent's and AWS Glue's frames, or a header of Confluent's. Other bytes are not decoded. */
export function mayNameSchema(bytes: Uint8Array, { headers }: ShownRecord, part: "key" | "value"): boolean {
  return (bytes.length > 5 && (bytes[0] === 0 || bytes[0] === 3)) || headers.some(({ name }) => name === `__${part}_schema_id`);
}
