/** Requests that nobody would send: made from the API's own description, and then spoilt. */
import fc from "fast-check";
import { toOpenApi } from "../../../lib/http/openapi.js";
import type { Operations } from "../../../lib/http/operation.js";
import { fitting, type JsonSchema, type Makers } from "./valid-bodies.js";

const oddNames = [
  "",
  "__proto__",
  "constructor",
  "toString",
  "\u0000",
  "\ud800",
  "a b",
  "..",
  "-",
  "ä",
  "%",
  "x".repeat(300),
  "__consumer_offsets",
];
const oddNumbers = [0, -1, 1.5, 2 ** 31, 2 ** 53, -(2 ** 63), 1e308];
const oddText = fc.oneof(fc.constantFrom(...oddNames), fc.string({ unit: "binary", maxLength: 20 }));
const oddValue: fc.Arbitrary<unknown> = fc.oneof(
  oddText,
  fc.constantFrom(...oddNumbers),
  fc.constantFrom(null, true, false, [], {}, [null], { __proto__: null }),
  fc.jsonValue({ maxDepth: 3 }),
);

const spoiling: Makers = {
  inside: (schema) => nearly(schema),
  text: oddText,
  number: fc.oneof(fc.integer({ min: -2, max: 20 }), fc.constantFrom(...oddNumbers)),
  anything: oddValue,
};

/** Mostly what the schema says; now and then, at any place in it, something else, or a member more. */
function nearly(schema: JsonSchema): fc.Arbitrary<unknown> {
  const extended = fc
    .tuple(fitting(schema, spoiling), oddText, oddValue)
    .map(([value, name, extra]) => (isObject(value) ? { ...value, [name]: extra } : value));
  return fc.oneof({ weight: 25, arbitrary: fitting(schema, spoiling) }, extended, oddValue);
}

const isObject = (value: unknown): value is object => typeof value === "object" && value !== null && !Array.isArray(value);

/** JSON text with something done to it: cut off, a byte changed, white space, numbers without end, nesting without end. */
function spoilt(value: fc.Arbitrary<unknown>): fc.Arbitrary<Buffer> {
  const text = value.map((one) => Buffer.from(JSON.stringify(one) ?? ""));
  const cut = fc.tuple(text, fc.nat()).map(([bytes, at]) => bytes.subarray(0, at % (bytes.length + 1)));
  const changed = fc.tuple(text, fc.nat(), fc.nat(255)).map(([bytes, at, byte]) => {
    if (bytes.length > 0) bytes[at % bytes.length] = byte;
    return bytes;
  });
  const odd = fc.constantFrom(
    "",
    " ",
    "null",
    "[]",
    "{}",
    "0",
    '""',
    "[".repeat(20_000),
    '{"a":'.repeat(20_000),
    `{"records":[{"value":${"9".repeat(10_000)}}]}`,
  );
  const twice = text.map((bytes) => Buffer.concat([bytes, bytes]));
  return fc.oneof(
    { weight: 10, arbitrary: text },
    cut,
    changed,
    twice,
    odd.map(Buffer.from),
    fc.uint8Array({ maxLength: 40 }).map(Buffer.from),
  );
}

/** Mostly absent. */
const seldom = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.oneof({ weight: 9, arbitrary: fc.constant(undefined) }, arbitrary);

interface FuzzedRequest {
  readonly call: string;
  readonly body?: Buffer;
  readonly contentType?: string;
  readonly accept?: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly sentAs: "text" | "base64";
}

interface DescribedOperation {
  readonly parameters: readonly { readonly name: string; readonly in: string; readonly schema: JsonSchema }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: JsonSchema }>> };
}

interface Description {
  readonly paths: Readonly<Record<string, Readonly<Record<string, DescribedOperation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, JsonSchema>> };
}

/** A schema with the components that it refers to in the places of the references. */
function withoutReferences<Part>(part: Part, components: Description["components"]["schemas"]): Part {
  if (Array.isArray(part)) return part.map((one) => withoutReferences(one, components)) as Part;
  if (typeof part !== "object" || part === null) return part;
  const { $ref } = part as { readonly $ref?: unknown };
  if (typeof $ref !== "string")
    return Object.fromEntries(Object.entries(part).map(([name, one]) => [name, withoutReferences(one, components)])) as Part;
  const component = components[$ref.replace("#/components/schemas/", "")];
  if (component === undefined) throw new Error(`${$ref} is not described.`);
  return withoutReferences(component, components) as Part;
}

/** Requests to one operation. `known` gives values for path parameters, so that some requests get far. */
export function requestsTo(routeKey: string, operations: Operations, known: Readonly<Record<string, string>>): fc.Arbitrary<FuzzedRequest> {
  const [method = "", template = ""] = routeKey.split(" ");
  const { paths, components } = toOpenApi(operations, "0") as never as Description;
  const described = paths[template]?.[method.toLowerCase()];
  if (described === undefined) throw new Error(`${routeKey} is not described.`);
  const inPath = described.parameters.filter((one) => one.in === "path");
  const inQuery = described.parameters.filter((one) => one.in === "query");
  const pathValues = fc.record(
    Object.fromEntries(
      inPath.map(({ name }) => [
        name,
        fc.oneof(
          { weight: 15, arbitrary: fc.constant(known[name] ?? "0") },
          oddText.filter((text) => text !== ""),
        ),
      ]),
    ),
  );
  const queryValues = fc.record(Object.fromEntries(inQuery.map(({ name, schema }) => [name, nearly(schema)])), { requiredKeys: [] });
  const media = Object.entries(described.requestBody?.content ?? {});
  const bodies =
    media.length === 0
      ? fc.constant({})
      : fc.oneof(
          ...media.map(([type, { schema }]) =>
            spoilt(nearly(withoutReferences(schema, components.schemas))).map((body) => ({
              body,
              contentType: type === "*/*" ? "application/octet-stream" : type,
            })),
          ),
        );
  return fc
    .record({
      path: pathValues,
      query: queryValues,
      body: bodies,
      contentType: seldom(
        fc.constantFrom("application/json", "text/plain", "application/json; charset=x", "/", "application/cloudevents+json"),
      ),
      accept: seldom(fc.constantFrom("*/*", "application/json", "text/html", ";;,", "application/vnd.kafka.v2+json")),
      headers: fc.dictionary(fc.constantFrom("ce-id", "ce-source", "ce-type", "ce-specversion", "ce-x", "prefer"), oddText, { maxKeys: 5 }),
      sentAs: fc.constantFrom("text" as const, "base64" as const),
    })
    .map(({ path, query, body, contentType, accept, headers, sentAs }) => ({
      call: `${method} ${template.replace(/\{([^}]+)\}/g, (_, name: string) => encoded(path[name] as string))}${toQuery(query)}`,
      ...body,
      ...(contentType === undefined ? {} : { contentType }),
      ...(accept === undefined ? {} : { accept }),
      headers,
      sentAs,
    }));
}

/** The gateway itself refuses text that is not UTF-8. */
const encoded = (text: string): string => encodeURIComponent(text.replace(/\p{Surrogate}/gu, "\ufffd"));

function toQuery(query: Readonly<Record<string, unknown>>): string {
  const parts = Object.entries(query).map(
    ([name, value]) => `${encoded(name)}=${encoded(typeof value === "string" ? value : (JSON.stringify(value) ?? ""))}`,
  );
  return parts.length === 0 ? "" : `?${parts.join("&")}`;
}
