/** `schema()` in routes: settings that are wrong fail when the route is defined, and examples are written by the schemas in the route. */
import { expect, test } from "vitest";
import { runExamples } from "../../../lib/relay/route/examples.js";
import { defineRoute, type RouteDefinition } from "../../../lib/relay/route.js";
import { schema } from "../../../lib/relay/schema.js";
import { type TopicOptions, topic } from "../../../lib/targets/topic.js";
import { describeDecoding, describeEncoding, encodeFault, localEncode } from "../../../local/cli/routes/route-schemas.js";

const proto = 'syntax = "proto3"; message A { int32 n = 1; }';
const route = (options: Partial<TopicOptions> = {}, definition: Partial<RouteDefinition> = {}) =>
  defineRoute({ name: "r", target: topic({ topic: "out", ...options }), ...definition });

test.each([
  [{ unions: "flat" }, 'decode.unions: must be "plain" or "tagged"'],
  [{ logicl: true }, 'decode.logicl: this setting does not exist. Did you mean "logical"?'],
  [{ subject: "a" }, "decode.subject: this setting does not exist."],
])("decode: schema(%j) fails when the route is defined", (settings, message) => {
  expect(() => route({}, { decode: schema(settings as never) })).toThrow(message);
  expect(() => route({}, { decode: schema(settings as never) })).toThrow(/^The route "r":/);
});

test.each([
  [{ id: 0 }, "encode.id: must be a whole number above 0"],
  [{ id: 1, version: 2 }, "encode: only one of id and version can be given."],
  [{ key: { schema: "a", id: 1 } }, "encode.key: only one of schema and id can be given."],
  [{ type: "avro" }, "encode.type: needs schema"],
  [{ key: { subjet: "a" } }, "encode.key.subjet: this setting does not exist."],
])("encode: schema(%j) fails when the target is made", (settings, message) => {
  expect(() => route({ encode: schema(settings as never) })).toThrow(message);
});

test("a setting that is not schema() is refused, and a topic by record needs a subject", () => {
  expect(() => route({}, { decode: {} as never })).toThrow("decode: must be schema({ ... }).");
  expect(() => route({ topic: () => "a", encode: schema({}) })).toThrow("the subject of the value must be given");
});

test("a route whose target relays bytes looks inside its records only for a filter or a transform", () => {
  expect([
    route().looksInside,
    route({}, { filter: { topic: ["a"] } }).looksInside,
    route({}, { filter: { value: { a: ["b"] } } }).looksInside,
    route({}, { transform: () => null }).looksInside,
    route({ encode: schema({}) }).looksInside,
    route({ topic: () => "a" }).looksInside,
  ]).toEqual([false, false, true, true, true, true]);
});

test("routes explain says how records are decoded and encoded", () => {
  expect(describeDecoding(route({}, { decode: false }))).toBe("never decoded");
  expect(describeDecoding(route({}, { decode: schema({ forward: "json", unions: "tagged" }) }))).toBe(
    "decoded (unions tagged, logical types on); records without a transform are relayed as the decoded JSON",
  );
  const { target } = route({ encode: schema({ version: 3, key: { subject: "k", schema: '"string"' } }) });
  expect(target.encode && describeEncoding(target.encode)).toBe(
    "values by version 3 of out-value, keys by the route's schema, registered as k",
  );
});

test("routes check finds a schema in the route that cannot be used, and a message that it does not declare", async () => {
  const faultOf = async (settings: object) => (await encodeFault(route({ encode: schema(settings) })))?.message;
  expect(await faultOf({})).toBeUndefined();
  expect(await faultOf({ schema: proto, type: "protobuf", message: "A" })).toBeUndefined();
  expect(await faultOf({ schema: "{" })).toMatch(/^encode: out-value: /);
  expect(await faultOf({ schema: proto, type: "protobuf", message: "B" })).toContain("does not declare a message B");
});

test("routes test writes the messages by the schema in the route: one that does not fit is refused", async () => {
  const examples = [
    { name: "fits", input: { value: { n: 1 } }, expected: { value: { n: 1 } } },
    { name: "does not fit", input: { value: { n: "x" } }, expected: { value: { n: "x" } } },
  ];
  const given = route({ encode: schema({ schema: proto, type: "protobuf" }) }, { examples });

  expect(await runExamples(given, await localEncode(given))).toEqual([
    { name: "fits", faults: [] },
    {
      name: "does not fit",
      faults: [expect.stringMatching(/^It is refused: The value cannot be written by the schema of out-value: .* at n: /)],
    },
  ]);
});
