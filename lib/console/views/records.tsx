/** The records of a topic: where to start, what to look for, the list, and the record that is open. */
import { useSignal } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import { Empty } from "../parts/empty.js";
import { Icon } from "../parts/icons.js";
import { RowTable } from "../parts/rows.js";
import { Trouble } from "../parts/trouble.js";
import { changeQuery, place } from "../state/place.js";
import { openRecordList, type RecordList, type RecordStart, recordStarts } from "../state/record-list.js";
import { placeText, type ShownRecord } from "../state/records.js";
import { toCountText, toRateText } from "../words/format.js";
import type { ProduceDraft } from "./produce-draft.js";
import { recordColumns } from "./record-columns.js";
import { RecordDrawer } from "./record-drawer.js";
import { RecordsBar } from "./records-bar.js";

export function RecordsTab({ topic, onResend }: { readonly topic: string; readonly onResend: (draft: ProduceDraft) => void }) {
  const { from, partition = "", offset = "0", time = "", pattern = "", search = "", record } = place.value.query;
  const start: RecordStart = recordStarts.find((one) => one === from) ?? "newest";
  const asked = useSignal(0);
  const key = [topic, start, partition, offset, time, pattern, asked.value].join("\n");
  const list = useMemo(
    () =>
      openRecordList({
        topic,
        start,
        partition: partition === "" ? undefined : Number(partition),
        offset,
        time,
        filter: pattern === "" ? undefined : pattern,
      }),
    [key],
  );
  useEffect(() => list.stop, [list]);
  const { records, error } = list.state.value;
  const words = search.trim().toLowerCase();
  const shown = words === "" ? records : records.filter((one) => hasText(one, words));
  const opened = record === undefined ? undefined : shown.find((one) => placeText(one) === record);
  return (
    <>
      <RecordsBar topic={topic} start={start} shown={shown} onReload={() => (asked.value += 1)} />
      {error !== undefined && <Trouble error={error} onRetry={list.more} />}
      {shown.length > 0 && (
        <RowTable
          label="Records"
          rows={shown}
          keyOf={placeText}
          columns={recordColumns}
          selected={record}
          onOpen={(one) => changeQuery({ record: placeText(one) })}
        />
      )}
      <ListFoot list={list} start={start} found={shown.length} isSearch={words !== "" || pattern !== ""} />
      {record !== undefined && <RecordDrawer key={record} topic={topic} recordPlace={record} known={opened} onResend={onResend} />}
    </>
  );
}

function hasText({ key, value, headers }: ShownRecord, words: string): boolean {
  return (
    (value?.toLowerCase().includes(words) ?? false) ||
    (key?.toLowerCase().includes(words) ?? false) ||
    headers.some(({ name, value: text }) => name.toLowerCase().includes(words) || (text?.toLowerCase().includes(words) ?? false))
  );
}

function ListFoot({
  list,
  start,
  found,
  isSearch,
}: {
  readonly list: RecordList;
  readonly start: RecordStart;
  readonly found: number;
  readonly isSearch: boolean;
}) {
  const { records, isReading, hasMore, rate, arrived, leftOut, error } = list.state.value;
  if (start === "live") {
    return (
      <div class="row muted" role="status">
        <span class={`dot ${error === undefined ? "live" : ""}`} />
        {found === 0
          ? "Waiting for new records …"
          : `${toRateText(rate)} · ${toCountText(arrived)} arrived, the last ${toCountText(found)} are shown`}
      </div>
    );
  }
  if (found === 0 && !isReading && error === undefined && !hasMore) return <NoRecords isSearch={isSearch && records.length >= 0} />;
  return (
    <div class="row muted">
      {isReading ? (
        <span role="status">Reading …</span>
      ) : (
        `${toCountText(found)} records${found < records.length ? ` of ${toCountText(records.length)} that were read` : ""}`
      )}
      {leftOut > 0 && <span>· {leftOut} partitions with fewer records are left out: choose a partition to see them</span>}
      {hasMore && !isReading && (
        <button type="button" onClick={list.more}>
          <Icon name="download" /> {start === "newest" ? "Older records" : "More records"}
        </button>
      )}
    </div>
  );
}

function NoRecords({ isSearch }: { readonly isSearch: boolean }) {
  return (
    <Empty title={isSearch ? "No record matches" : "There are no records here"}>
      <p>{isSearch ? "Change what you look for, or start at the beginning." : "Produce the first one, or start at another place."}</p>
    </Empty>
  );
}
