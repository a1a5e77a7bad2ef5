/** One topic: its records, partitions and settings. */
import { useSignal } from "@preact/signals";
import { Icon } from "../parts/icons.js";
import { Tabs } from "../parts/tabs.js";
import { linkTo, place } from "../state/place.js";
import { mayDo } from "../state/session.js";
import { DeleteTopic } from "./delete-topic.js";
import { PartitionsTab } from "./partitions.js";
import { ProduceDialog } from "./produce.js";
import type { ProduceDraft } from "./produce-draft.js";
import { RecordsTab } from "./records.js";
import { SettingsTab } from "./topic-settings.js";

export function TopicView() {
  const [, topic = "", tab = "records"] = place.value.path;
  const draft = useSignal<ProduceDraft | undefined>(undefined);
  const isDeleting = useSignal(false);
  return (
    <div class="view">
      <div class="view-head">
        <div class="crumbs">
          <a href={linkTo(["topics"])}>Topics</a>
          <span class="muted">/</span>
          <h1>{topic}</h1>
        </div>
        <span class="grow" />
        {mayDo("topic:delete", topic) && (
          <button type="button" class="quiet danger" onClick={() => (isDeleting.value = true)}>
            <Icon name="trash" /> Delete
          </button>
        )}
        {mayDo("record:write", topic) && (
          <button type="button" class="primary" data-new onClick={() => (draft.value = {})}>
            <Icon name="send" /> Produce
          </button>
        )}
      </div>
      <Tabs
        label="Parts of the topic"
        current={tab}
        tabs={[
          { name: "records", words: "Records", link: linkTo(["topics", topic]) },
          { name: "partitions", words: "Partitions", link: linkTo(["topics", topic, "partitions"]) },
          { name: "settings", words: "Settings", link: linkTo(["topics", topic, "settings"]) },
        ]}
      />
      {tab === "records" && <RecordsTab topic={topic} onResend={(resent) => (draft.value = resent)} />}
      {tab === "partitions" && <PartitionsTab topic={topic} />}
      {tab === "settings" && <SettingsTab topic={topic} />}
      {draft.value !== undefined && <ProduceDialog topic={topic} draft={draft.value} onClose={() => (draft.value = undefined)} />}
      {isDeleting.value && <DeleteTopic topic={topic} onClose={() => (isDeleting.value = false)} />}
    </div>
  );
}
