/** Records in, reports out, over one request of any length: the next records are read while the last ones are written, and no faster than reports are read. */
import type { RelayError } from "../../errors.js";
import { toRelayError } from "../../errors.js";
import type { V3Entry } from "../produce/v3-body.js";
import type { V3Outcome } from "../produce/v3-outcome.js";
import { RecordIntake } from "./record-intake.js";

interface ProduceStreamParts {
  /** Of records that wait for Kafka, and of one record. */
  readonly bytesMax: number;
  /** How many records are written at once. */
  readonly recordsMax: number;
  /** Writes records. If it throws, all of them have failed. */
  readonly write: (entries: readonly V3Entry[]) => Promise<readonly V3Outcome[]>;
  /** The reports of outcomes, in order. */
  readonly report: (outcomes: readonly V3Outcome[]) => string;
  /** Watches for what ends the stream from outside; returns what ends the watch. */
  readonly watch: (end: (why: RelayError) => void) => () => void;
}

/** One report per record, in the order of the records; then one more if the stream ended before its body. A record without a report was not written, unless the connection broke. */
export function produceStream(chunks: AsyncIterable<Buffer>, parts: ProduceStreamParts): AsyncGenerator<string> {
  const intake = new RecordIntake(parts.bytesMax);
  const unwatch = parts.watch((why) => intake.stop(why));
  // Not only when the first report is wanted: a client that asks before it sends is answered by the first read, which must come before the head of the reply.
  void intake.read(chunks);
  return reports(intake, unwatch, parts);
}

async function* reports(intake: RecordIntake, unwatch: () => void, parts: ProduceStreamParts): AsyncGenerator<string> {
  try {
    for (;;) {
      const entries = await intake.take(parts.recordsMax);
      if (entries === undefined) break;
      yield parts.report(await parts.write(entries).catch((thrown: unknown) => inEach(entries, toRelayError(thrown))));
    }
    if (intake.fault !== undefined) yield parts.report([{ entry: { error: intake.fault } }]);
  } finally {
    unwatch();
    intake.stop();
  }
}

/** A record that could not be read keeps its own fault. */
function inEach(entries: readonly V3Entry[], error: RelayError): readonly V3Outcome[] {
  return entries.map((entry) => ("error" in entry ? { entry } : { entry, outcome: { outcome: "failed", error } }));
}
