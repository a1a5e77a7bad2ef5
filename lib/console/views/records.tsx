/** The records of a topic: where to start, what to look for, the list, and the record that is open. */
import { useSignal } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import { RowTable } from "../parts/rows.js";
import { Trouble } from "../parts/trouble.js";
import { changeQuery, place } from "../state/place.js";
import { openRecordList, type RecordStart, recordStarts } from "../state/record-list.js";
import { isSearch, type RecordSearch } from "../state/record-search.js";
import { placeText } from "../state/records.js";
import type { ProduceDraft } from "./produce-draft.js";
import { recordColumns } from "./record-columns.js";
import { RecordDrawer } from "./record-drawer.js";
import { RecordFoot } from "./record-foot.js";
import { RecordsBar } from "./records-bar.js";

export function RecordsTab({ topic, onResend }: { readonly topic: string; readonly onResend: (draft: ProduceDraft) => void }) {
  const { from, partition = "", offset = "0", time = "", pattern = "", search: text = "", record } = place.value.query;
  const start: RecordStart = recordStarts.find((one) => one === from) ?? "newest";
  const asked = useSignal(0);
  const key = [topic, start, partition, offset, time, pattern, text, asked.value].join("\n");
  const search: RecordSearch = { ...(pattern === "" ? {} : { filter: pattern }), ...(text === "" ? {} : { contains: text }) };
  const list = useMemo(
    () => openRecordList({ topic, start, partition: partition === "" ? undefined : Number(partition), offset, time, search }),
    [key],
  );
  useEffect(() => list.close, [list]);
  const { records, error } = list.state.value;
  const opened = record === undefined ? undefined : records.find((one) => placeText(one) === record);
  return (
    <>
      <RecordsBar topic={topic} start={start} shown={records} onReload={() => (asked.value += 1)} />
      {error !== undefined && <Trouble error={error} onRetry={list.more} />}
      {records.length > 0 && (
        <RowTable
          label="Records"
          rows={records}
          keyOf={placeText}
          columns={recordColumns}
          selected={record}
          onOpen={(one) => changeQuery({ record: placeText(one) })}
        />
      )}
      <RecordFoot list={list} start={start} isSearched={isSearch(search)} />
      {record !== undefined && <RecordDrawer key={record} topic={topic} recordPlace={record} known={opened} onResend={onResend} />}
    </>
  );
}
