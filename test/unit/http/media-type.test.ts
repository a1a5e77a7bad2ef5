/** Content-Type and Accept, as RFC 9110 has them. */
import { expect, test } from "vitest";
import { negotiate, parseMediaType } from "../../../lib/http/media-type.js";

const offered = ["application/vnd.kafka.v2+json", "application/json"];

test.each([
  [undefined, offered[0]],
  ["", offered[0]],
  ["*/*", offered[0]],
  ["application/*", offered[0]],
  ["application/json", offered[1]],
  ["APPLICATION/JSON", offered[1]],
  ["application/vnd.kafka.v2+json; q=0.1, application/json; q=0.9", offered[1]],
  ["text/html, application/xml;q=0.9, */*;q=0.8", offered[0]],
  ["application/json;q=0, */*", offered[0]],
  ["application/vnd.kafka.v2+json;q=0, application/json", offered[1]],
  ["application/xml", undefined],
  ["text/*", undefined],
  ["application/json;q=0", undefined],
  ["application/json;q=nonsense", undefined],
  [",,,;;=", undefined],
])("Accept: %s takes %s", (accept, type) => {
  expect(negotiate(accept, offered)).toBe(type);
});

test("a media type is read with its parameters, whatever its letter case", () => {
  expect(parseMediaType('Application/JSON ; Charset="UTF-8";a="x;y\\"z"')).toEqual({
    essence: "application/json",
    parameters: new Map([
      ["charset", "UTF-8"],
      ["a", 'x;y"z'],
    ]),
  });
});

test.each(["json", "", "application/", "a/b/c", "text/plain text", `a/${"b".repeat(5_000)}`])("%s is not a media type", (header) => {
  expect(parseMediaType(header)).toBeUndefined();
});
