/** A request's first bytes, and when a session is renewed. */
import { expect, test } from "vitest";
import { toHeader } from "../../../lib/kafka/kafkajs/frame.js";
import { renewalMarginMs } from "../../../lib/kafka/kafkajs/sasl.js";

test("a header has the length of what follows, the API, its version, the correlation id and the client id", () => {
  const head = { key: 3, version: 12, correlationId: 7, clientId: Buffer.from("me") };

  expect(toHeader({ ...head, isFlexible: false }, 10).toString("hex")).toBe("00000016" + "0003" + "000c" + "00000007" + "0002" + "6d65");
  expect(toHeader({ ...head, isFlexible: true }, 10).toString("hex")).toBe(
    "00000017" + "0003" + "000c" + "00000007" + "0002" + "6d65" + "00",
  );
});

test("a session is renewed ten seconds before it ends, a short one later, and none within a second of its start", () => {
  expect(renewalMarginMs(3_600_000)).toBe(10_000);
  expect(renewalMarginMs(5_001)).toBe(2_000);
  expect(renewalMarginMs(1_200)).toBe(150);
  expect(renewalMarginMs(900)).toBe(0);
});
