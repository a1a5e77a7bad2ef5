/** A time in a request's body: milliseconds since the epoch, or ISO-8601. */
import * as v from "valibot";
import { toTimestampMsInUtc } from "../timestamp.js";

/** Milliseconds since the epoch. */
export const timeMs = v.pipe(
  v.union([v.number(), v.string()]),
  v.transform(toTimestampMsInUtc),
  v.check((ms) => ms !== undefined, "is a time: milliseconds since 1970, or like 2026-05-01T12:00:00Z"),
  v.transform((ms) => BigInt(ms ?? 0)),
);
