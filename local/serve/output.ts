/** What `kafka-relay serve` prints: one line per call and event, readable or JSON, written in blocks so that a busy server does not wait for its terminal. */
import { toEntryLine } from "../start/lines.js";
import type { LogForm } from "./options.js";

type LogEntry = Readonly<Record<string, unknown>>;

export interface Output {
  readonly write: (entry: LogEntry) => void;
  /** Text for people as it is; omitted in the form `json`, where `entry` is written in its place. */
  readonly say: (text: string, entry: LogEntry) => void;
  readonly flush: () => void;
}

const flushAfterMs = 50;
const waitingLinesMax = 200;
/** When nobody reads the output, lines are dropped and counted instead of kept without end. */
const unreadBytesMax = 8_388_608;

export function createOutput(form: LogForm, stdout: NodeJS.WritableStream & { readonly writableLength?: number }): Output {
  let waiting: string[] = [];
  let dropped = 0;
  let timer: NodeJS.Timeout | undefined;
  const flush = (): void => {
    clearTimeout(timer);
    timer = undefined;
    if (waiting.length === 0) return;
    if ((stdout.writableLength ?? 0) > unreadBytesMax) dropped += waiting.length;
    else {
      const loss = dropped === 0 ? [] : [toText({ level: "warn", message: `${dropped} lines were dropped: the output was not read` })];
      dropped = 0;
      stdout.write(`${[...loss, ...waiting].join("\n")}\n`);
    }
    waiting = [];
  };
  const put = (line: string): void => {
    waiting.push(line);
    if (waiting.length >= waitingLinesMax) flush();
    else timer ??= setTimeout(flush, flushAfterMs).unref();
  };
  const toText = (entry: LogEntry): string => {
    const now = new Date();
    return form === "json" ? toJson({ time: now.toISOString(), ...entry }) : toEntryLine(entry, now);
  };
  return {
    write: (entry) => {
      if (form !== "quiet" || entry.level === "error" || entry.level === "warn") put(toText(entry));
    },
    say: (text, entry) => {
      if (form === "quiet") return;
      put(form === "json" ? toText(entry) : text);
    },
    flush,
  };
}

const toJson = (entry: LogEntry): string =>
  JSON.stringify(entry, (_, value: unknown) => (typeof value === "bigint" ? String(value) : value));
