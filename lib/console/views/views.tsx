/** Which view shows which place. Views that are not needed at first are files of their own, loaded when they are opened. */
import { type ComponentType, type FunctionComponent, h } from "preact";
import { useEffect, useState } from "preact/hooks";
import { Trouble } from "../parts/trouble.js";
import { noteFailure } from "../state/session.js";
import { Missing } from "./missing.js";
import { TopicsView } from "./topics.js";

/** The view of a place by its path: ["topics", "orders"]. */
export function viewOf([first = "flow", second]: readonly string[]): FunctionComponent {
  if (first === "topics" && second === undefined) return TopicsView;
  return later[second === undefined ? first : `${first}/*`] ?? Missing;
}

function loadedLater(load: () => Promise<ComponentType>): FunctionComponent {
  let known: ComponentType | undefined;
  return function Later() {
    const [View, setView] = useState(() => known);
    const [failure, setFailure] = useState<unknown>();
    useEffect(() => {
      if (View !== undefined || failure !== undefined) return;
      load().then((view) => {
        known = view;
        setView(() => view);
      }, setFailure);
    }, [View, failure]);
    if (View !== undefined) return h(View, {});
    return (
      <div class="view">
        {failure === undefined ? (
          <div class="loading" role="status" />
        ) : (
          <Trouble error={noteFailure(failure)} onRetry={() => setFailure(undefined)} />
        )}
      </div>
    );
  };
}

const sourcesView = loadedLater(() => import("./sources.js").then(({ SourcesView }) => SourcesView));

const later: Readonly<Record<string, FunctionComponent>> = {
  flow: loadedLater(() => import("./flow.js").then(({ FlowView }) => FlowView)),
  routes: loadedLater(() => import("./routes.js").then(({ RoutesView }) => RoutesView)),
  "routes/*": loadedLater(() => import("./route.js").then(({ RouteView }) => RouteView)),
  sources: sourcesView,
  "sources/*": sourcesView,
  cluster: loadedLater(() => import("./cluster.js").then(({ ClusterView }) => ClusterView)),
  "cluster/*": loadedLater(() => import("./broker.js").then(({ BrokerView }) => BrokerView)),
  acls: loadedLater(() => import("./acls.js").then(({ AclsView }) => AclsView)),
  groups: loadedLater(() => import("./groups.js").then(({ GroupsView }) => GroupsView)),
  "groups/*": loadedLater(() => import("./group.js").then(({ GroupView }) => GroupView)),
  "dead-letters": loadedLater(() => import("./letter-topics.js").then(({ LetterTopicsView }) => LetterTopicsView)),
  "dead-letters/*": loadedLater(() => import("./dead-letters.js").then(({ DeadLettersView }) => DeadLettersView)),
  "topics/*": loadedLater(() => import("./topic.js").then(({ TopicView }) => TopicView)),
};
