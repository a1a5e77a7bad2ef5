/** What PostgreSQL's error codes mean for a record: the table, code by code. */
import { expect, test } from "vitest";
import { isLoginRefused, toSqlFailure } from "../../../../lib/targets/sql/verdict.js";

const verdictOf = (thrown: unknown) => {
  const { failure, code } = toSqlFailure(thrown, "orders");
  return `${failure.blame}: ${code}`;
};

test.each([
  ["22001", "record: record-refused"],
  ["22P02", "record: record-refused"],
  ["23502", "record: record-refused"],
  ["23503", "record: record-refused"],
  ["23505", "record: record-refused"],
  ["21000", "record: record-refused"],
  ["44000", "record: record-refused"],
  ["54000", "record: record-refused"],
  ["P0001", "record: record-refused"],
  ["08006", "target: target-failed"],
  ["25006", "target: target-failed"],
  ["40001", "target: target-failed"],
  ["40P01", "target: target-failed"],
  ["53300", "target: target-busy"],
  ["55P03", "target: target-busy"],
  ["57014", "target: target-timeout"],
  ["57P01", "target: target-failed"],
  ["57P03", "target: target-failed"],
  ["58030", "target: target-failed"],
  ["XX000", "target: target-failed"],
  ["28P01", "target: target-refused"],
  ["3D000", "target: target-refused"],
  ["42P01", "target: target-refused"],
  ["42703", "target: target-refused"],
  ["42501", "target: target-refused"],
  ["0A000", "target: target-refused"],
  ["99999", "target: target-failed"],
])("%s is %s", (code, verdict) => {
  expect(verdictOf(Object.assign(new Error("Key (id)=(secret) exists"), { code }))).toBe(verdict);
});

test("what the server said of values is not repeated; the column or constraint is named", () => {
  const error = toSqlFailure(Object.assign(new Error("Key (id)=(secret) exists"), { code: "23505", constraint: "orders_pkey" }), "orders");
  expect(error.message).toBe("The table orders: PostgreSQL answered 23505 about the constraint orders_pkey.");
});

test("a connection that cannot be opened is the target's failure, an unknown error ours", () => {
  expect(verdictOf(Object.assign(new Error("connect"), { code: "ECONNREFUSED" }))).toBe("target: target-failed");
  expect(verdictOf(Object.assign(new Error("write"), { code: "EPIPE" }))).toBe("target: target-failed");
  expect(verdictOf(new Error("Connection terminated unexpectedly"))).toBe("target: target-failed");
  expect(verdictOf(new TypeError("x is undefined"))).toBe("us: internal");
});

test("a refused login has the secret read again", () => {
  expect(isLoginRefused(toSqlFailure({ code: "28P01" }, "orders"))).toBe(true);
  expect(isLoginRefused(toSqlFailure({ code: "42P01" }, "orders"))).toBe(false);
});
