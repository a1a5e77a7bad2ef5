/** Reads one object, record by record, and writes them batch by batch, until it ends, the time ends, or Kafka does not acknowledge one. */
import { RelayError, toRelayError } from "../../errors.js";
import type { SourceContext, SourceItem } from "../origin.js";
import { csvFields, rowJson } from "./csv.js";
import type { ObjectPlace } from "./notification.js";
import type { Objects } from "./objects.js";
import { createSplitter, type Piece, type SplitFormat } from "./splitter.js";

interface ReadRules {
  readonly format: SplitFormat;
  readonly delimiter: string;
  readonly recordBytesMax: number;
  readonly objects: Objects;
}

interface ReadEnd {
  /** Where reading must go on; undefined: the object is read to its end. */
  readonly next: ObjectPlace | undefined;
  /** Why it stopped; undefined: the time was over. */
  readonly error: RelayError | undefined;
}

const batchRecordsMax = 1_000;
const batchBytesMax = 4_000_000;
/** Kept to write a last batch, and the message that goes on. */
const stopMarginMs = 4_000;
const headerBytesMax = 65_536;

/** Never throws for a failure after the first record: what came before it is settled, and reading goes on from there. */
export async function readStoredObject(place: ObjectPlace, rules: ReadRules, context: SourceContext): Promise<ReadEnd> {
  const names = rules.format === "csv" && place.byte > 0 ? await headerOf(place, rules, context) : undefined;
  const object = await rules.objects.read(place, context.deadline.leftMs());
  if (object === undefined) {
    context.log("warn", "object is gone, or another one has its name", { bucket: place.bucket, key: place.key });
    return { next: undefined, error: undefined };
  }
  const reading = new Reading(place, rules, context, names);
  // A body that stops arriving ends here; what came before is settled.
  const timer = setTimeout(object.cancel, Math.max(1, context.deadline.leftMs() - stopMarginMs));
  try {
    return await reading.read(object.bytes);
  } finally {
    clearTimeout(timer);
    object.cancel();
  }
}

class Reading {
  readonly #rules: ReadRules;
  readonly #context: SourceContext;
  /** Where the first record stands that is not settled. */
  #place: ObjectPlace;
  #names: readonly string[] | undefined;
  #batch: { readonly item: SourceItem; readonly next: number }[] = [];
  #batchBytes = 0;

  constructor(place: ObjectPlace, rules: ReadRules, context: SourceContext, names: readonly string[] | undefined) {
    this.#place = place;
    this.#rules = rules;
    this.#context = context;
    this.#names = names;
  }

  async read(bytes: AsyncIterable<Buffer>): Promise<ReadEnd> {
    const { format, recordBytesMax } = this.#rules;
    const splitter = createSplitter({ format, recordBytesMax, from: this.#place.byte });
    try {
      for await (const chunk of bytes) {
        const stopped = await this.#take(splitter.push(chunk));
        if (stopped !== undefined) return stopped;
        if (splitter.fault() !== undefined) break;
        if (this.#context.deadline.leftMs() < stopMarginMs) return (await this.#flush()) ?? { next: this.#place, error: undefined };
      }
    } catch (thrown) {
      return (await this.#flush()) ?? { next: this.#place, error: toRelayError(thrown) };
    }
    const stopped = await this.#take(splitter.fault() === undefined ? splitter.end() : []);
    if (stopped !== undefined) return stopped;
    const fault = splitter.fault();
    if (fault !== undefined) this.#refuseRest(fault);
    return (await this.#flush()) ?? { next: undefined, error: undefined };
  }

  async #take(pieces: readonly Piece[]): Promise<ReadEnd | undefined> {
    for (const piece of pieces) {
      if (this.#rules.format === "csv" && this.#names === undefined) {
        this.#names = csvFields(withoutMark(piece.bytes?.toString() ?? ""), this.#rules.delimiter);
        this.#place = { ...this.#place, byte: piece.to + 1 };
        continue;
      }
      this.#batch.push({ item: this.#toItem(piece), next: piece.to + 1 });
      this.#batchBytes += piece.bytes?.length ?? 0;
      if (this.#batch.length < batchRecordsMax && this.#batchBytes < batchBytesMax) continue;
      const stopped = await this.#flush();
      if (stopped !== undefined) return stopped;
    }
    return undefined;
  }

  /** Returns where reading stopped; undefined: everything is settled. */
  async #flush(): Promise<ReadEnd | undefined> {
    const batch = this.#batch;
    [this.#batch, this.#batchBytes] = [[], 0];
    if (batch.length === 0) return undefined;
    const [results = []] = await this.#context.pass([batch.map(({ item }) => item)], this.#context.deadline);
    const failed = results.findIndex(({ verdict }) => verdict === "given-back");
    const settled = failed < 0 ? batch.length : failed;
    const byte = batch[settled - 1]?.next ?? this.#place.byte;
    this.#place = { ...this.#place, byte, record: this.#place.record + settled };
    const result = results[failed];
    return result?.verdict === "given-back" ? { next: this.#place, error: result.error } : undefined;
  }

  get #nextRecord(): number {
    return this.#place.record + this.#batch.length;
  }

  #toItem(piece: Piece): SourceItem {
    const { bytes, from, to } = piece;
    if (bytes === undefined) {
      const reason = `The record has ${to - from} bytes; this source reads records of at most ${this.#rules.recordBytesMax} bytes.`;
      return { ...this.#item(this.#reference(from, to)), refusal: new RelayError("record-too-large", reason) };
    }
    if (this.#names === undefined) return this.#item(this.#rules.format === "ndjson" ? withoutReturn(bytes) : bytes);
    const fields = csvFields(bytes.toString(), this.#rules.delimiter);
    const json = rowJson(fields, this.#names);
    if (json !== undefined) return this.#item(Buffer.from(json));
    const reason = `The row at byte ${from} has ${fields.length} fields, but the header has ${this.#names.length}.`;
    return { ...this.#item(bytes), refusal: new RelayError("record-undecodable", reason) };
  }

  /** What is not of the format cannot be cut into records: one dead letter says where it begins. */
  #refuseRest(fault: string): void {
    const byte = this.#batch.at(-1)?.next ?? this.#place.byte;
    const refusal = new RelayError("record-undecodable", `The object is not a JSON array or CSV from byte ${byte} on: ${fault}.`);
    this.#batch.push({ item: { ...this.#item(this.#reference(byte, undefined)), refusal }, next: byte });
  }

  /** In the place of bytes that are too many: they stay in the object. */
  #reference(from: number, to: number | undefined): Buffer {
    const { bucket, key, versionId, etag } = this.#place;
    return Buffer.from(JSON.stringify({ bucket, key, versionId, etag, from, to }));
  }

  #item(value: Buffer): SourceItem {
    const { bucket, key, versionId, etag = "", timeMs } = this.#place;
    const name = `s3://${bucket}/${encodeURI(key)}`;
    const header = (of: string, text: string) => ({ name: of, value: Buffer.from(text) });
    return {
      id: `${name}@${versionId ?? etag}#${this.#nextRecord}`,
      key: null,
      value,
      headers: [header("s3-bucket", bucket), header("s3-key", key)],
      timestampMs: timeMs,
      about: { source: name, type: "aws.s3.record", subject: String(this.#nextRecord) },
    };
  }
}

/** The names of the columns, for a reading that begins after them. */
async function headerOf(place: ObjectPlace, { objects, delimiter }: ReadRules, context: SourceContext): Promise<readonly string[]> {
  const object = await objects.read({ ...place, byte: 0 }, context.deadline.leftMs());
  const splitter = createSplitter({ format: "csv", recordBytesMax: headerBytesMax, from: 0 });
  try {
    for await (const chunk of object?.bytes ?? []) {
      const [first] = splitter.push(chunk);
      if (first?.bytes !== undefined) return csvFields(withoutMark(first.bytes.toString()), delimiter);
    }
    return [];
  } finally {
    object?.cancel();
  }
}

const withoutMark = (text: string): string => text.replace(/^\ufeff/, "");
const withoutReturn = (bytes: Buffer): Buffer => (bytes.at(-1) === 0x0d ? bytes.subarray(0, -1) : bytes);
