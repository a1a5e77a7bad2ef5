/** Where reading starts, in which partition, and what is looked for. Everything stands in the address, so it can be linked. */
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { SearchBox, Segments } from "../parts/fields.js";
import { Icon } from "../parts/icons.js";
import { useLoaded } from "../state/loading.js";
import { changeQuery, place } from "../state/place.js";
import type { RecordStart } from "../state/record-list.js";
import { loadRanges, type ShownRecord } from "../state/records.js";
import { saveRecords } from "../state/save-records.js";

const startWords: readonly (readonly [RecordStart, string])[] = [
  ["newest", "Newest"],
  ["beginning", "Beginning"],
  ["offset", "Offset"],
  ["time", "Time"],
  ["live", "Live"],
];

export function RecordsBar(props: {
  readonly topic: string;
  readonly start: RecordStart;
  readonly shown: readonly ShownRecord[];
  readonly onReload: () => void;
}) {
  const { topic, start, shown, onReload } = props;
  const { partition = "" } = place.value.query;
  const ranges = useLoaded(`ranges ${topic}`, (signal) => loadRanges(topic, signal));
  return (
    <div class="row wrap records-bar">
      <Segments label="Start" value={start} choices={startWords} onChange={begin} />
      {start === "offset" && <OffsetInput />}
      {start === "time" && <TimeInput />}
      <select
        aria-label="Partition"
        value={partition}
        onChange={(event) => changeQuery({ partition: event.currentTarget.value, record: undefined })}
      >
        <option value="">All partitions</option>
        {(ranges.data ?? []).map(({ partition: number, begin, end }) => (
          <option key={number} value={String(number)}>
            {`Partition ${number} (${end - begin})`}
          </option>
        ))}
      </select>
      <TextSearch />
      <PatternInput />
      <div class="row tools">
        <button type="button" class="quiet icon" title="Read again" aria-label="Read again" onClick={onReload}>
          <Icon name="reload" />
        </button>
        <button
          type="button"
          class="quiet icon"
          title="Save as NDJSON"
          aria-label="Save as NDJSON"
          disabled={shown.length === 0}
          onClick={() => saveRecords(topic, shown)}
        >
          <Icon name="download" />
        </button>
      </div>
    </div>
  );
}

/** The API looks for the text, in all records from the start on: it is sent after a pause in typing, and with Enter. */
function TextSearch() {
  const { search = "" } = place.value.query;
  const typed = useSignal(search);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  const apply = () => {
    clearTimeout(timer.current);
    if (typed.value.trim() !== (place.value.query.search ?? "")) changeQuery({ search: typed.value.trim(), record: undefined });
  };
  return (
    <SearchBox
      label="Find text in records"
      value={typed.value}
      onInput={(text) => {
        typed.value = text;
        clearTimeout(timer.current);
        timer.current = setTimeout(apply, typingPauseMs);
      }}
      onEnter={apply}
    />
  );
}

const typingPauseMs = 500;

function begin(from: RecordStart): void {
  const { time } = place.value.query;
  changeQuery({
    from: from === "newest" ? undefined : from,
    time: from === "time" ? (time ?? new Date(Date.now() - hourMs).toISOString()) : time,
    record: undefined,
  });
}

const hourMs = 3_600_000;

function OffsetInput() {
  const { offset = "0" } = place.value.query;
  return (
    <input
      type="number"
      min="0"
      aria-label="Offset"
      class="short"
      value={offset}
      onChange={(event) => changeQuery({ offset: event.currentTarget.value || "0" })}
    />
  );
}

function TimeInput() {
  const { time = "" } = place.value.query;
  const local = time === "" ? "" : toLocalInput(new Date(time));
  return (
    <input
      type="datetime-local"
      step="1"
      aria-label="Time"
      value={local}
      onChange={(event) => {
        const date = new Date(event.currentTarget.value);
        if (!Number.isNaN(date.getTime())) changeQuery({ time: date.toISOString() });
      }}
    />
  );
}

const toLocalInput = (date: Date): string => new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 19);

/** An event pattern, which the API applies: it is sent with Enter, and when the field is left. */
function PatternInput() {
  const { pattern = "" } = place.value.query;
  const typed = useSignal(pattern);
  const isWrong = typed.value !== "" && !isJsonObject(typed.value);
  const apply = () => {
    if (!isWrong) changeQuery({ pattern: typed.value });
  };
  return (
    <input
      class="mono pattern"
      aria-label="Event pattern"
      aria-invalid={isWrong}
      title={isWrong ? "An event pattern is a JSON object." : "Only records that match this event pattern, as in routes"}
      placeholder={'{"value": {"total": [{"numeric": [">", 100]}]}}'}
      value={typed.value}
      spellcheck={false}
      onInput={(event) => (typed.value = event.currentTarget.value)}
      onBlur={apply}
      onKeyDown={(event) => (event.key === "Enter" ? apply() : undefined)}
    />
  );
}

function isJsonObject(text: string): boolean {
  try {
    return typeof JSON.parse(text) === "object";
  } catch {
    return false;
  }
}
