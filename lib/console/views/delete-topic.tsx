/** Deleting a topic, after its name was typed. */
import { ActionDialog } from "../parts/action-dialog.js";
import { goTo, linkTo } from "../state/place.js";
import { api, cluster, token } from "../state/session.js";
import { apiUrl } from "../state/settings.js";
import { toCommand, toCurl } from "../words/commands.js";

export function DeleteTopic({ topic, onClose }: { readonly topic: string; readonly onClose: () => void }) {
  const path = { ...cluster.value, topic };
  return (
    <ActionDialog
      title={`Delete ${topic}`}
      verb="Delete the topic"
      nameToType={topic}
      run={() => api.call("DELETE /v3/clusters/{cluster_id}/topics/{topic}", { path })}
      onDone={() => goTo(linkTo(["topics"]))}
      onClose={onClose}
      done={`Topic ${topic} was deleted.`}
      curl={toCurl({
        method: "DELETE",
        url: `${apiUrl}/v3/clusters/${path.cluster_id}/topics/${encodeURIComponent(topic)}`,
        hasToken: token.value !== undefined,
      })}
      command={toCommand("topics", "delete", topic)}
    >
      <p>The topic and all its records are deleted. This cannot be undone.</p>
    </ActionDialog>
  );
}
