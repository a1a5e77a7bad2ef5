/** The types that the package publishes are written by hand: they say what the code does. Checked by `tsc`, and here for the names. */
import { expect, expectTypeOf, test } from "vitest";
import type * as published from "../../../local/kafka-trigger/main.js";
import { lambdaFunction } from "../../../local/kafka-trigger/src/lambda-function.js";
import * as library from "../../../local/kafka-trigger/src/library.js";

test("the published types are those of the library", () => {
  expectTypeOf(library.createKafkaTrigger).toEqualTypeOf<typeof published.createKafkaTrigger>();
  expectTypeOf<library.KafkaTriggerOptions>().toEqualTypeOf<published.KafkaTriggerOptions>();
  expectTypeOf(lambdaFunction).toEqualTypeOf<typeof published.lambdaFunction>();
  expect(library.createKafkaTrigger).toBeTypeOf("function");
});
