/**
 * The description of the API (OpenAPI 3.1), made from the schemas that check its requests. It is made when the project is built (`local/build/openapi.ts`), because
 * it covers the operations of all functions, and no function contains another's. No function loads this file.
 */
import { type ConversionConfig, toJsonSchema } from "@valibot/to-json-schema";
import type { GenericSchema } from "valibot";
import type { Operation, Operations } from "./operation.js";

type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };
type JsonObject = { readonly [name: string]: Json };

const jsonOnly = ["application/json"] as const;
const anyType = "*/*";

const problemSchema: JsonObject = {
  type: "object",
  description: "Why a request was refused or failed: error_code and message as in the contract, and the members of RFC 9457.",
  required: ["error_code", "message", "type", "title", "status", "retriable", "maybe_written"],
  properties: {
    error_code: { type: "integer", description: "The HTTP status, or the status followed by two more digits." },
    message: { type: "string", description: "What is wrong, where, and what would be right." },
    type: { type: "string", description: "A name for the kind of failure." },
    title: { type: "string" },
    status: { type: "integer", description: "The HTTP status." },
    retriable: { type: "boolean", description: "Whether the same request may succeed later." },
    maybe_written: { type: "boolean", description: "Whether the request may have taken effect already." },
  },
};

const problemReference = { $ref: "#/components/schemas/Problem" } as const;

/** Describes operations by their route keys. The catch-all is left out. */
export function toOpenApi(operations: Operations, version: string): JsonObject {
  const paths: Record<string, Record<string, Json>> = {};
  const components: Record<string, Json> = { Problem: problemSchema };
  for (const key of Object.keys(operations).sort()) {
    const [method, path] = key.split(" ");
    if (method === undefined || path === undefined) continue;
    paths[path] ??= {};
    paths[path][method.toLowerCase()] = toOperation(key, path, operations[key] as Operation, components);
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "kafka-relay",
      version,
      description:
        "Apache Kafka over HTTP: the API of Confluent's REST proxy (v2 produce and metadata, v3), CloudEvents, and reading by offset, time or cursor.",
    },
    paths,
    components: { schemas: components },
  };
}

function toOperation(key: string, path: string, operation: Operation, components: Record<string, Json>): JsonObject {
  const body = toRequestBody(key, operation, components);
  return {
    operationId: toOperationId(key),
    summary: operation.summary,
    ...(operation.streams === undefined ? {} : { description: streamedWords(operation.streams.types) }),
    "x-permission": operation.may,
    ...(operation.offeredBy === undefined ? {} : { "x-offered-by": operation.offeredBy }),
    parameters: [...pathParameters(path, operation), ...queryParameters(operation)],
    ...(body === undefined ? {} : { requestBody: body }),
    responses: toResponses(key, operation, components),
  };
}

/** In words: as another type of the same answer, a stream would be in the way of clients that are generated. */
function streamedWords(types: readonly string[]): string {
  return `With Accept: ${types.join(" or ")}, kafka-relay serve sends records as they come, until the client ends the call.`;
}

/** "POST /v3/clusters/{cluster_id}/acls:batch" -> "postV3ClustersClusterIdAclsBatch". */
function toOperationId(key: string): string {
  const words = key.split(/[^A-Za-z0-9-]+|(?<=\/)-(?=\/)/).filter((word) => word !== "");
  return words
    .join("_")
    .replace(/-/g, "_")
    .toLowerCase()
    .replace(/_+([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

function pathParameters(path: string, operation: Operation): Json[] {
  const properties = propertiesOf(operation.path as GenericSchema | undefined);
  return [...path.matchAll(/\{([^}]+)\}/g)].map(([, name = ""]) => ({
    name,
    in: "path",
    required: true,
    schema: properties.members[name] ?? { type: "string" },
  }));
}

function queryParameters(operation: Operation): Json[] {
  const { members, required } = propertiesOf(operation.query as GenericSchema | undefined);
  return Object.entries(members).map(([name, schema]) => ({ name, in: "query", required: required.includes(name), schema }));
}

function propertiesOf(schema: GenericSchema | undefined): { readonly members: JsonObject; readonly required: readonly string[] } {
  if (schema === undefined) return { members: {}, required: [] };
  const { properties = {}, required = [] } = toSchema(schema, "input") as {
    readonly properties?: JsonObject;
    readonly required?: readonly string[];
  };
  return { members: properties, required };
}

/**
 * A shape that several media types share, and shapes that differ by media type, are described among the components: clients that are generated name their types
 * after the operation, and several inline shapes of one operation have the same name there.
 */
function toRequestBody(key: string, operation: Operation, components: Record<string, Json>): JsonObject | undefined {
  if (operation.rawBody !== undefined) {
    const bodies = Object.entries(operation.rawBody);
    const shapeOf = (type: string, schema: GenericSchema): Json => {
      const shape = withTitledParts(toSchema(schema, "input"), components);
      return bodies.length === 1 || type === anyType ? shape : asComponent(`${toOperationId(key)}${formatOf(type)}Body`, shape, components);
    };
    return {
      required: operation.isBodyOptional !== true,
      content: Object.fromEntries(bodies.map(([type, schema]) => [type, { schema: shapeOf(type, schema) }])),
    };
  }
  if (operation.body === undefined) return undefined;
  const { consumes = jsonOnly } = operation;
  const shape = withTitledParts(toSchema(operation.body as GenericSchema, "input"), components);
  const schema = consumes.length === 1 ? shape : asComponent(`${toOperationId(key)}Body`, shape, components);
  return { required: true, content: Object.fromEntries(consumes.map((type) => [type, { schema }])) };
}

/** "application/vnd.kafka.binary.v2+json" -> "Binary", "application/json" -> "Json". The type is chosen by the format, even where two formats have the same members. */
function formatOf(type: string): string {
  const [, format = ""] = /^application\/(?:vnd\.kafka\.)?([a-z-]+?)(?:\.v2)?(?:\+json)?$/.exec(type) ?? [];
  return format.replace(/(?:^|-)([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

/** The parts of a shape that have a title become components with that name. */
function withTitledParts(shape: Json, components: Record<string, Json>): Json {
  if (Array.isArray(shape)) return shape.map((part: Json) => withTitledParts(part, components));
  if (typeof shape !== "object" || shape === null) return shape;
  const { title, ...rest } = shape as JsonObject;
  const parts = Object.fromEntries(Object.entries(rest).map(([name, part]) => [name, withTitledParts(part, components)]));
  return typeof title === "string" ? asComponent(title, parts, components) : title === undefined ? parts : { title, ...parts };
}

function asComponent(name: string, shape: Json, components: Record<string, Json>): JsonObject {
  components[name] ??= shape;
  return { $ref: `#/components/schemas/${name}` };
}

/** A shape that several statuses share is described once, among the components. */
function toResponses(key: string, operation: Operation, components: Record<string, Json>): JsonObject {
  const { produces = jsonOnly } = operation;
  const content = (schema: Json): JsonObject => Object.fromEntries(produces.map((type) => [type, { schema }]));
  // An operation that accepts any Accept header reports its failures in JSON.
  const problems = (schema: Json): JsonObject => (produces.length === 0 ? { "application/json": { schema } } : content(schema));
  const shapes = Object.values(operation.answers);
  const shapeOf = (schema: GenericSchema): Json => {
    const shape = withTitledParts(toSchema(schema, "output"), components);
    if (shapes.filter((one) => one === schema).length === 1) return shape;
    return asComponent(`${toOperationId(key)}Answer`, shape, components);
  };
  const described = Object.entries(operation.answers).map(([status, schema]) => {
    if (schema === null) return [status, { description: describeStatus(status) }];
    const shape = shapeOf(schema);
    return [
      status,
      {
        description: describeStatus(status),
        content: content(Number(status) < 400 ? shape : { anyOf: [shape, problemReference] }),
      },
    ];
  });
  return {
    ...Object.fromEntries(described),
    default: { description: "The request was refused or failed; the body says why.", content: problems(problemReference) },
  };
}

function describeStatus(status: string): string {
  const words: Readonly<Record<string, string>> = {
    200: "The request succeeded.",
    201: "Created.",
    202: "Accepted.",
    204: "The request succeeded; the response has no body.",
    207: "Each item has its own result.",
  };
  return words[status] ?? "Every item failed; the body says why for each.";
}

const conversion: ConversionConfig = {
  target: "draft-2020-12",
  // Checks written in code cannot be expressed in JSON Schema. They are left out.
  errorMode: "ignore",
  overrideSchema: ({ valibotSchema }) => {
    // Whole numbers with all their digits are numbers in JSON, and bigints inside.
    if (valibotSchema.type === "bigint") return { type: "integer", format: "int64" };
    // As an optional `const`, openapi-python-client 0.29.1 makes Python of it that cannot be parsed.
    const { literal } = valibotSchema as { readonly literal?: unknown };
    return typeof literal === "boolean" ? { type: "boolean", enum: [literal] } : undefined;
  },
};

/** A schema as its sender or its reader sees it: before transforms, or after them. */
export function toSchema(schema: GenericSchema, typeMode: "input" | "output"): Json {
  const { $schema: _, ...converted } = toJsonSchema(schema, { ...conversion, typeMode });
  return converted as JsonObject;
}
