/** The navigation, and at its foot the cluster, read-only mode, the zone of times, and the theme. */
import iconUrl from "../icon.svg";
import { linkTo } from "../state/place.js";
import { isReadOnly, knownClusterId, mayDo, permitted } from "../state/session.js";
import { settings } from "../state/settings.js";
import { isUtc, nextTheme, theme } from "../state/theme.js";
import { CheckBox } from "./fields.js";
import { Icon, type IconName } from "./icons.js";

interface NavigationEntry {
  readonly name: string;
  readonly words: string;
  readonly icon: IconName;
  /** Offered to callers with this permission. */
  readonly may: string;
}

export const navigation: readonly NavigationEntry[] = [
  { name: "flow", words: "Flow", icon: "flow", may: "topic:list" },
  { name: "topics", words: "Topics", icon: "topics", may: "topic:list" },
  { name: "groups", words: "Groups", icon: "groups", may: "group:list" },
  { name: "sources", words: "Sources", icon: "sources", may: "route:describe" },
  { name: "routes", words: "Routes", icon: "routes", may: "service:describe" },
  { name: "dead-letters", words: "Dead letters", icon: "letters", may: "dead-letter:read" },
  { name: "cluster", words: "Cluster", icon: "cluster", may: "cluster:describe" },
  { name: "acls", words: "ACLs", icon: "acls", may: "acl:describe" },
];

export function SideBar({ current }: { readonly current: string }) {
  return (
    <div class="side">
      <a class="brand" href={linkTo([])}>
        <img src={iconUrl} alt="" />
        kafka-relay
      </a>
      <nav aria-label="Views">
        {navigation
          .filter(({ may }) => permitted.value === undefined || mayDo(may))
          .map(({ name, words, icon }) => (
            <a key={name} href={linkTo([name])} {...(name === current ? { "aria-current": "page" as const } : {})}>
              <Icon name={icon} />
              {words}
            </a>
          ))}
      </nav>
      <Foot />
    </div>
  );
}

function Foot() {
  const { caller } = permitted.value ?? {};
  return (
    <div class="side-foot">
      <CheckBox label="Read only" isOn={isReadOnly.value} onChange={(isOn) => (isReadOnly.value = isOn || settings.isReadOnly)} />
      <CheckBox label="Times in UTC" isOn={isUtc.value} onChange={(isOn) => (isUtc.value = isOn)} />
      <div class="row">
        <button type="button" class="quiet" onClick={nextTheme}>
          <Icon name="moon" /> {theme.value === "system" ? "System" : theme.value === "dark" ? "Dark" : "Light"}
        </button>
      </div>
      {caller !== undefined && caller.kind !== "anonymous" && <div title={caller.name}>{caller.name}</div>}
      {knownClusterId.value !== undefined && (
        <div class="mono small" title="The cluster's id">
          {knownClusterId.value}
        </div>
      )}
    </div>
  );
}
