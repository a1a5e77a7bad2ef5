/** Times as callers write them. */
import { expect, test } from "vitest";
import { parseTimestampMs } from "../../../lib/http/read/read-query.js";
import { toTimestampMs, toTimestampMsInUtc } from "../../../lib/http/timestamp.js";

test.each([
  [0, 0],
  [1_700_000_000_123, 1_700_000_000_123],
  ["1700000000123", 1_700_000_000_123],
  ["2023-11-14T22:13:20.123Z", 1_700_000_000_123],
  ["2023-11-14T23:13:20.123999+01:00", 1_700_000_000_123],
  ["2023-11-15T00:13:20+0200", 1_700_000_000_000],
  ["2023-11-14t22:13:20z", 1_700_000_000_000],
  ["2023-11-14 22:13Z", 1_699_999_980_000],
  ["2024-02-29T00:00:00Z", 1_709_164_800_000],
])("%s is a time", (given, ms) => {
  expect(toTimestampMs(given)).toBe(ms);
});

test.each([
  -1,
  1.5,
  Number.NaN,
  9e15,
  "",
  "now",
  "2023-11-14",
  "2023-11-14T22:13:20",
  "2026-02-30T00:00:00Z",
  "2026-13-01T00:00:00Z",
  "2026-01-01T25:00:00Z",
  "1969-12-31T23:59:59Z",
  "99999999999999999",
])("%s is none", (given) => {
  expect(toTimestampMs(given)).toBeUndefined();
});

test.each([
  ["2023-11-14", 1_699_920_000_000],
  ["2023-11-14T22:13:20", 1_700_000_000_000],
  ["2023-11-14 22:13:20.123", 1_700_000_000_123],
  ["2023-11-14T22:13", 1_699_999_980_000],
  ["2023-11-14T23:13:20+01:00", 1_700_000_000_000],
  [1_700_000_000_123, 1_700_000_000_123],
])("%s is a time where UTC is understood", (given, ms) => {
  expect(toTimestampMsInUtc(given)).toBe(ms);
});

test.each(["2026-02-30", "2026-02-30T00:00:00", "2026-01-01T", "+1", ""])("%s is none, also where UTC is understood", (given) => {
  expect(toTimestampMsInUtc(given)).toBeUndefined();
});

test.each([
  ["2023-11-14T23:13:20 01:00", 1_700_000_000_000],
  ["2023-11-14 22:13", 1_699_999_980_000],
])("in a query, %s is a time, though its plus may have become a space", (given, ms) => {
  expect(parseTimestampMs(given)).toBe(ms);
});
