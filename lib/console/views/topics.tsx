/** All topics: searched and sorted here, with figures of those that are on the screen. */
import { useSignal } from "@preact/signals";
import { Empty } from "../parts/empty.js";
import { CheckBox, SearchBox } from "../parts/fields.js";
import { Icon } from "../parts/icons.js";
import { type RowColumn, RowTable } from "../parts/rows.js";
import { LoadingState } from "../parts/trouble.js";
import { useLoaded } from "../state/loading.js";
import { changeQuery, goTo, linkTo, place } from "../state/place.js";
import { mayDo } from "../state/session.js";
import { loadTopics, type TopicDetails, type TopicSummary, useTopicDetails } from "../state/topics.js";
import { toCountText, toDurationText, toRateText, toSizeText } from "../words/format.js";
import { CreateTopic } from "./create-topic.js";

const refreshMs = 15_000;

export function TopicsView() {
  const { search = "", internal, sort = "name", down } = place.value.query;
  const loaded = useLoaded("topics", loadTopics, refreshMs);
  const details = useTopicDetails();
  const isCreating = useSignal(false);
  const all = loaded.data ?? [];
  const shown = sortTopics(all.filter(fits(search, internal === "1")), sort, down === "1");
  const onSort = (by: string) => changeQuery({ sort: by, down: by === sort && down !== "1" ? "1" : undefined });
  return (
    <div class="view">
      <div class="view-head">
        <h1>Topics</h1>
        {loaded.data !== undefined && (
          <span class="muted">
            {shown.length === all.length ? toCountText(all.length) : `${toCountText(shown.length)} of ${toCountText(all.length)}`}
          </span>
        )}
        <span class="grow" />
        <SearchBox label="Search topics" value={search} onInput={(text) => changeQuery({ search: text })} />
        <CheckBox label="Internal" isOn={internal === "1"} onChange={(isOn) => changeQuery({ internal: isOn ? "1" : undefined })} />
        {mayDo("topic:create") && (
          <button type="button" class="primary" data-new onClick={() => (isCreating.value = true)}>
            <Icon name="plus" /> Create topic
          </button>
        )}
      </div>
      <LoadingState loaded={loaded} />
      {loaded.data !== undefined && shown.length === 0 && <NoTopics isSearch={all.some(({ is_internal }) => !is_internal)} />}
      {shown.length > 0 && (
        <RowTable
          label="Topics"
          rows={shown}
          keyOf={({ topic_name }) => topic_name}
          columns={columnsWith(details.of)}
          sorted={{ by: sort, isDescending: down === "1" }}
          onSort={onSort}
          onOpen={({ topic_name }) => goTo(linkTo(["topics", topic_name]))}
          onShown={details.show}
        />
      )}
      {isCreating.value && <CreateTopic onClose={() => (isCreating.value = false)} />}
    </div>
  );
}

function NoTopics({ isSearch }: { readonly isSearch: boolean }) {
  return (
    <Empty title={isSearch ? "No topic has this in its name" : "There are no topics yet"}>
      {!isSearch && (
        <p>
          Create the first one, or send a record: with the demo, run <code>npm run demo</code>.
        </p>
      )}
    </Empty>
  );
}

const fits =
  (search: string, withInternal: boolean) =>
  ({ topic_name, is_internal }: TopicSummary): boolean =>
    (withInternal || !is_internal) && topic_name.toLowerCase().includes(search.trim().toLowerCase());

function sortTopics(topics: readonly TopicSummary[], by: string, isDescending: boolean): readonly TopicSummary[] {
  const sign = isDescending ? -1 : 1;
  if (by === "name") return isDescending ? topics.toReversed() : topics;
  const of = ({ partitions_count, replication_factor }: TopicSummary) => (by === "partitions" ? partitions_count : replication_factor);
  return topics.toSorted((one, other) => sign * (of(one) - of(other)));
}

function columnsWith(detailsOf: (name: string) => TopicDetails | undefined): readonly RowColumn<TopicSummary>[] {
  const figure = (show: (details: TopicDetails) => string) => (topic: TopicSummary) => {
    const details = detailsOf(topic.topic_name);
    return details === undefined ? <span class="muted">…</span> : show(details);
  };
  return [
    { title: "Name", sort: "name", cell: (topic) => <TopicName topic={topic} /> },
    {
      title: "Partitions",
      sort: "partitions",
      width: "96px",
      isNumber: true,
      cell: ({ partitions_count }) => toCountText(partitions_count),
    },
    { title: "Replicas", sort: "replicas", width: "88px", isNumber: true, cell: ({ replication_factor }) => replication_factor },
    { title: "Records", width: "110px", isNumber: true, cell: figure(({ records }) => toCountText(records)) },
    { title: "Rate", width: "84px", isNumber: true, cell: figure(({ rate }) => toRateText(rate)) },
    { title: "Size", width: "88px", isNumber: true, cell: figure(({ bytes }) => (bytes === undefined ? "–" : toSizeText(bytes))) },
    {
      title: "Retention",
      width: "100px",
      isNumber: true,
      cell: figure(({ retentionMs }) => (retentionMs === undefined ? "–" : toDurationText(retentionMs))),
    },
    { title: "Cleanup", width: "96px", cell: figure(({ cleanup }) => cleanup ?? "–") },
  ];
}

function TopicName({ topic }: { readonly topic: TopicSummary }) {
  const { topic_name, is_internal, under_replicated_count, offline_count } = topic;
  return (
    <>
      <a href={linkTo(["topics", topic_name])}>{topic_name}</a> {is_internal && <span class="badge">internal</span>}
      {offline_count > 0 && <span class="badge bad">{offline_count} without a leader</span>}
      {offline_count === 0 && under_replicated_count > 0 && <span class="badge warn">{under_replicated_count} not in sync</span>}
    </>
  );
}
