/** Records on their way to the readers of a stream: server-sent events whose ids are cursors (https://html.spec.whatwg.org/multipage/server-sent-events.html), or lines of JSON. */

import type { Deadline } from "../../deadline.js";
import type { RelayError } from "../../errors.js";
import type { RecordView, SetPlace } from "../../kafka/codec/record-view.js";
import { toKafkaRecord } from "../../kafka/codec/record-view.js";
import type { KafkaRecord } from "../../kafka/records.js";
import type { RecordFilter } from "../../relay/route/record-filter.js";
import { toProblem } from "../problem.js";
import type { MovingCursor } from "../read/record-cursor.js";
import { type DecodedRecord, type DecodingOptions, shownOf, withDecoded } from "../read/record-decoding.js";
import { type RecordFormats, RecordJson } from "../read/record-json.js";
import { createSchemaWaits } from "../read/record-writer.js";
import { eventsType, linesType, type StreamType } from "./stream-types.js";

export interface FrameForm {
  readonly type: StreamType;
  readonly topic: string;
  readonly formats: RecordFormats;
  readonly filter: RecordFilter | undefined;
  /** Absent: no registry is configured. */
  readonly decoding: Pick<DecodingOptions, "open" | "logical"> | undefined;
}

/** Some records as they are sent, the same for every reader that shares them. */
export interface Frame {
  readonly bytes: Buffer;
  /** Where each record ends in `bytes`. */
  readonly ends: readonly number[];
  /** Where to go on after it. */
  readonly cursor: string;
}

/** A record as JSON: as large as a batch may be, several times over for its escapes. */
const recordBytesMax = 268_435_456;

export class FrameWriter {
  readonly #form: FrameForm;
  readonly #cursor: MovingCursor;
  readonly #json: RecordJson;
  readonly #schemas: ReturnType<typeof createSchemaWaits>;
  readonly #ends: number[] = [];
  #objectStart = "";
  #partition = -1;

  /** `cursor` moves past every record that is visited. */
  constructor(form: FrameForm, cursor: MovingCursor, deadline: Deadline) {
    this.#form = form;
    this.#schemas = createSchemaWaits({ ...form, isFiltered: form.filter !== undefined }, deadline);
    this.#cursor = cursor;
    this.#json = new RecordJson(form.formats, recordBytesMax, true);
  }

  get count(): number {
    return this.#ends.length;
  }

  /** What ended the last visit before a record: visit again from there when it has settled. Rejects where the registry does not answer. */
  takeWaiting(): Promise<void> | undefined {
    return this.#schemas.takeWaiting();
  }

  /** False: the record's schema is not known yet. */
  visit({ partition }: { readonly partition: number }, view: RecordView): boolean {
    const { topic, formats, filter, type } = this.#form;
    const { leaderEpoch = -1 } = view;
    const place: SetPlace = { topic, partition };
    const decoded = this.#schemas.decoded(view, place);
    if (decoded === "waiting") return false;
    if (filter !== undefined && !isLetThrough(filter, toKafkaRecord(view, place), decoded)) {
      this.#cursor.moveTo(partition, BigInt(view.offset + 1), leaderEpoch);
      return true;
    }
    if (partition !== this.#partition) {
      this.#partition = partition;
      this.#objectStart = `{"topic":${JSON.stringify(topic)},"partition":${partition},`;
    }
    const cursor = this.#cursor.textAfter(partition, view.offset, leaderEpoch);
    const between = this.count === 0 ? "" : endOfRecord[type];
    const start = type === eventsType ? `${between}id: ${cursor}\ndata: ${this.#objectStart}` : `${between}${this.#objectStart}`;
    this.#json.add(view, Buffer.from(start), decoded === undefined ? undefined : shownOf(decoded, formats));
    if (this.count > 0) this.#ends[this.count - 1] = (this.#ends[this.count - 1] as number) + between.length;
    this.#ends.push(this.#json.out.length);
    return true;
  }

  /** To be called once, if there is any record. */
  finish(): Frame {
    const { type } = this.#form;
    const end = endOfRecord[type];
    const cursor = this.#cursor.text();
    const { out } = this.#json;
    out.text(type === linesType ? `${end}${cursorLine(cursor)}` : end);
    const bytes = out.finishBytes();
    const last = this.#ends.length - 1;
    this.#ends[last] = (this.#ends[last] as number) + end.length;
    return { bytes, ends: this.#ends, cursor };
  }
}

const isLetThrough = (filter: RecordFilter, record: KafkaRecord, decoded: DecodedRecord | undefined): boolean =>
  filter(decoded === undefined ? record : withDecoded(record, decoded));

const endOfRecord = { [eventsType]: "\n\n", [linesType]: "\n" } as const;

const cursorLine = (cursor: string): string => `{"cursor":"${cursor}"}\n`;

/** Says where the stream stands, and that it lives. An event without data is not shown to a page, but its id counts. */
export function beat(type: StreamType, cursor: string): string {
  return type === eventsType ? `: still here\nid: ${cursor}\n\n` : cursorLine(cursor);
}

/** Records that a reader does not get although they were there: deleted before it came to them, or replaced. */
export interface Gap {
  readonly partition: number;
  /** The first offset that is still kept. */
  readonly deleted_before?: number;
  /** Where the log was replaced, and the stream has gone back to. */
  readonly truncated_to?: number;
}

export function gapText(type: StreamType, gap: Gap, cursor: string): string {
  const text = JSON.stringify(gap);
  return type === eventsType ? `event: gap\nid: ${cursor}\ndata: ${text}\n\n` : `{"gap":${text}}\n${cursorLine(cursor)}`;
}

/** Why the stream ends. */
export function problemText(type: StreamType, error: RelayError): string {
  const text = JSON.stringify(toProblem(error));
  return type === eventsType ? `event: problem\ndata: ${text}\n\n` : `{"problem":${text}}\n`;
}
