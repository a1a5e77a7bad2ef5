/** Moving the offsets of a group: the result is shown before anything changes. */
import { type Signal, useSignal } from "@preact/signals";
import type { ApiError } from "../../client/api-error.js";
import type { AnswerTo } from "../../client/client.js";
import { ActionDialog } from "../parts/action-dialog.js";
import { ChoiceField, FormField, TextField } from "../parts/fields.js";
import { Trouble } from "../parts/trouble.js";
import { api, cluster, noteFailure, token } from "../state/session.js";
import { apiUrl } from "../state/settings.js";
import { toCommand, toCurl } from "../words/commands.js";
import { toCountText } from "../words/format.js";

type Plan = AnswerTo<"POST /v3/clusters/{cluster_id}/consumer-groups/{group}/offsets:reset">["data"];

const choices = [
  ["earliest", "the first record"],
  ["latest", "the end"],
  ["timestamp", "a time"],
  ["offset", "an offset"],
  ["shift", "by a number of records"],
] as const;
type ResetTarget = (typeof choices)[number][0];

interface ResetOffsetsProps {
  readonly group: string;
  readonly topics: readonly string[];
  readonly onClose: () => void;
  readonly onDone: () => void;
}

export function ResetOffsets({ group, topics, onClose, onDone }: ResetOffsetsProps) {
  const to = useSignal<ResetTarget>("latest");
  const topic = useSignal(topics[0] ?? "");
  const value = useSignal("");
  const plan = useSignal<{ readonly of: string; readonly data: Plan } | undefined>(undefined);
  const failure = useSignal<ApiError | undefined>(undefined);
  const body = toBody(to.value, topic.value, value.value);
  const path = { ...cluster.value, group };
  const asked = JSON.stringify(body);
  const preview = async () => {
    failure.value = undefined;
    try {
      const { data } = await api.call("POST /v3/clusters/{cluster_id}/consumer-groups/{group}/offsets:reset", {
        path,
        body: { ...body, validate_only: true },
      });
      plan.value = { of: asked, data };
    } catch (thrown) {
      failure.value = noteFailure(thrown);
    }
  };
  const isCurrent = plan.value?.of === asked;
  return (
    <ActionDialog
      title={`Move the offsets of ${group}`}
      verb="Move offsets"
      isReady={isCurrent}
      isDanger
      run={() => api.call("POST /v3/clusters/{cluster_id}/consumer-groups/{group}/offsets:reset", { path, body })}
      onClose={onClose}
      onDone={onDone}
      done={`The offsets of ${group} were moved.`}
      curl={toCurl({
        method: "POST",
        url: `${apiUrl}/v3/clusters/${path.cluster_id}/consumer-groups/${encodeURIComponent(group)}/offsets:reset`,
        body: asked,
        hasToken: token.value !== undefined,
      })}
      command={toCommand(
        "groups",
        "reset-offsets",
        group,
        ...(topic.value === "" ? ["--all-topics"] : ["--topic", topic.value]),
        ...flagsOf(to.value, value.value),
      )}
    >
      <ResetFields topics={topics} topic={topic} to={to} value={value} />
      <div>
        <button type="button" onClick={() => void preview()}>
          Preview
        </button>
      </div>
      {failure.value !== undefined && <Trouble error={failure.value} />}
      {isCurrent && plan.value !== undefined && <PlanTable plan={plan.value.data} />}
    </ActionDialog>
  );
}

function ResetFields(props: {
  readonly topics: readonly string[];
  readonly topic: Signal<string>;
  readonly to: Signal<ResetTarget>;
  readonly value: Signal<string>;
}) {
  const { topics, topic, to, value } = props;
  return (
    <div class="fields">
      <FormField label="Topic">
        <select value={topic.value} onChange={(event) => (topic.value = event.currentTarget.value)}>
          <option value="">All topics</option>
          {topics.map((name) => (
            <option key={name}>{name}</option>
          ))}
        </select>
      </FormField>
      <ChoiceField label="To" value={to} choices={choices} />
      {to.value !== "earliest" && to.value !== "latest" && <TextField label={hints[to.value]} value={value} />}
    </div>
  );
}

const hints = { timestamp: "Time, as 2026-05-01T12:00:00Z", offset: "Offset", shift: "Records, negative goes back" } as const;

function toBody(to: ResetTarget, topic: string, value: string) {
  return {
    to,
    ...(topic === "" ? {} : { topic_name: topic }),
    ...(to === "timestamp" ? { timestamp: value } : {}),
    ...(to === "offset" ? { offset: Number(value) } : {}),
    ...(to === "shift" ? { shift: Number(value) } : {}),
  };
}

function flagsOf(to: ResetTarget, value: string): readonly string[] {
  const flags = {
    earliest: ["--to-earliest"],
    latest: ["--to-latest"],
    timestamp: ["--to-time", value],
    offset: ["--to-offset", value],
    shift: ["--shift-by", value],
  };
  return flags[to];
}

function PlanTable({ plan }: { readonly plan: Plan }) {
  return (
    <table class="plain">
      <thead>
        <tr>
          <th scope="col">Partition</th>
          <th scope="col" class="number">
            Now
          </th>
          <th scope="col" class="number">
            Then
          </th>
        </tr>
      </thead>
      <tbody>
        {plan.map(({ topic_name, partition_id, offset_before, offset_after }) => (
          <tr key={`${topic_name} ${partition_id}`}>
            <td>{`${topic_name} ${partition_id}`}</td>
            <td class="number">{offset_before === null ? "–" : toCountText(offset_before)}</td>
            <td class="number">{toCountText(offset_after)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
