/** Under the records: how many are shown, how far was looked, and how to go on. */
import { Empty } from "../parts/empty.js";
import { Icon } from "../parts/icons.js";
import type { RecordList, RecordListState, RecordStart } from "../state/record-list.js";
import { toCountText, toRateText } from "../words/format.js";

interface FootProps {
  readonly list: RecordList;
  readonly start: RecordStart;
  readonly isSearched: boolean;
}

export function RecordFoot({ list, start, isSearched }: FootProps) {
  const state = list.state.value;
  const { records, isReading, hasMore, error } = state;
  if (start === "live") return <LiveFoot list={list} isSearched={isSearched} />;
  if (records.length === 0 && !isReading && error === undefined && !hasMore) return <NoRecords state={state} isSearched={isSearched} />;
  return (
    <div class="row wrap muted records-foot">
      <span role="status" class="row">
        {isSearched ? <SearchProgress state={state} /> : <ReadProgress state={state} />}
      </span>
      {isReading && state.looked > 0 && (
        <button type="button" onClick={list.pause}>
          Stop
        </button>
      )}
      {hasMore && !isReading && (
        <button type="button" onClick={list.more}>
          <Icon name={isSearched ? "search" : "download"} />{" "}
          {isSearched ? "Search on" : start === "newest" ? "Older records" : "More records"}
        </button>
      )}
    </div>
  );
}

function ReadProgress({ state: { records, isReading, isFull, partitions } }: { readonly state: RecordListState }) {
  const ofPartitions =
    partitions !== undefined && partitions.read < partitions.all
      ? ` from ${toCountText(partitions.read)} of ${toCountText(partitions.all)} partitions`
      : "";
  const full = isFull ? ". The page keeps no more; start at another place to see others." : "";
  return (
    <>
      {isReading ? "Reading … " : ""}
      {records.length === 0 ? "" : `${toCountText(records.length)} ${records.length === 1 ? "record" : "records"}`}
      {ofPartitions}
      {full}
    </>
  );
}

function SearchProgress({ state: { records, isReading, looked, total, isFull, hasMore } }: { readonly state: RecordListState }) {
  const found = `${toCountText(records.length)} ${records.length === 1 ? "match" : "matches"}`;
  const isWhole = !hasMore && !isReading && !isFull;
  const of = total === undefined ? "" : ` of ${toCountText(Math.max(total, looked))}`;
  const words = isWhole
    ? `${found} in all ${toCountText(looked)} records.`
    : `${found} in ${toCountText(looked)}${of} records${isReading ? " …" : " that were looked at."}`;
  return (
    <>
      {isReading && <span class="dot live" />}
      <span>{`${words}${isFull ? " The page keeps no more matches." : ""}`}</span>
    </>
  );
}

function LiveFoot({ list, isSearched }: Omit<FootProps, "start">) {
  const { records, rate, arrived, error, isReading } = list.state.value;
  const what = isSearched ? "matched" : "arrived";
  return (
    <div class="row muted records-foot">
      <span class={`dot ${error === undefined && isReading ? "live" : ""}`} />
      <span role="status">
        {!isReading
          ? `Paused · ${toCountText(arrived)} ${what}`
          : arrived === 0
            ? `Waiting for new records${isSearched ? " that match" : ""} …`
            : `${toRateText(rate)} · ${toCountText(arrived)} ${what}, the last ${toCountText(records.length)} are shown`}
      </span>
      <button type="button" onClick={isReading ? list.pause : list.more}>
        <Icon name={isReading ? "pause" : "play"} /> {isReading ? "Pause" : "Go on"}
      </button>
    </div>
  );
}

function NoRecords({ state: { looked }, isSearched }: { readonly state: RecordListState; readonly isSearched: boolean }) {
  if (!isSearched)
    return (
      <Empty title="There are no records here">
        <p>Produce the first one, or start at another place.</p>
      </Empty>
    );
  return (
    <Empty title="No record matches">
      <p>All {toCountText(looked)} records from here on were looked at. Change what you look for, or start at another place.</p>
    </Empty>
  );
}
