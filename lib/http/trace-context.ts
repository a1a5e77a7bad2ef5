/** The caller's trace travels with its records: `traceparent` and `tracestate` become record headers, which routes pass on to topics and webhooks (https://www.w3.org/TR/trace-context/). */
import type { OutgoingRecord, RecordHeader } from "../kafka/records.js";

/** Version 00, and what later versions must start with. A trace id or parent id of zeros is not valid. */
const traceparentForm = /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(-.*)?$/;
/** The recommendation allows longer states to be dropped. */
const tracestateLengthMax = 512;

/** The records with the request's trace; a record with its own `traceparent` keeps it, and a request without one changes nothing. */
export function withTrace(
  records: readonly OutgoingRecord[],
  requestHeaders: Readonly<Record<string, string | undefined>>,
): readonly OutgoingRecord[] {
  const { traceparent, tracestate } = requestHeaders;
  if (traceparent === undefined || !traceparentForm.test(traceparent)) return records;
  const trace: RecordHeader[] = [{ name: "traceparent", value: Buffer.from(traceparent) }];
  if (tracestate !== undefined && tracestate !== "" && tracestate.length <= tracestateLengthMax)
    trace.push({ name: "tracestate", value: Buffer.from(tracestate) });
  return records.map((record) =>
    record.headers.some(({ name }) => name === "traceparent") ? record : { ...record, headers: [...record.headers, ...trace] },
  );
}
