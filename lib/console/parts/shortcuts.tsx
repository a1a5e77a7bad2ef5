/** Keys for everything that is done often; `?` lists them. */
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { goTo, linkTo } from "../state/place.js";
import { isUtc, nextTheme } from "../state/theme.js";
import { Dialog } from "./dialog.js";
import { navigation } from "./side-bar.js";

const goKeys: Readonly<Record<string, string>> = {
  f: "flow",
  t: "topics",
  g: "groups",
  s: "sources",
  r: "routes",
  d: "dead-letters",
  c: "cluster",
  a: "acls",
};
/** How long the second key of `g t` may take. */
const secondKeyMs = 1_200;

export function Shortcuts() {
  const isShown = useSignal(false);
  useEffect(() => {
    let goAtMs = 0;
    const onKey = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target) || document.querySelector("dialog[open]") !== null)
        return;
      const view = Date.now() - goAtMs < secondKeyMs ? goKeys[event.key] : undefined;
      goAtMs = 0;
      if (view !== undefined) goTo(linkTo([view]));
      else if (event.key === "g") goAtMs = Date.now();
      else if (event.key === "?") isShown.value = true;
      else if (event.key === "u") isUtc.value = !isUtc.value;
      else if (event.key === "m") nextTheme();
      else if (event.key === "/" && focusOn("[data-search]")) event.preventDefault();
      else if (event.key === "n" && clickOn("[data-new]")) event.preventDefault();
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, []);
  return isShown.value ? <ShortcutList onClose={() => (isShown.value = false)} /> : null;
}

function ShortcutList({ onClose }: { readonly onClose: () => void }) {
  const rows: readonly (readonly [string, string])[] = [
    ...navigation.map(
      ({ name, words }) => [`g ${Object.keys(goKeys).find((key) => goKeys[key] === name) ?? ""}`, `Go to ${words}`] as const,
    ),
    ["/", "Search in this view"],
    ["n", "New: produce a record, create a topic"],
    ["↓ ↑ or j k", "Next and previous row"],
    ["Enter", "Open a row"],
    ["Esc", "Close what is open"],
    ["u", "Times here or in UTC"],
    ["m", "Light, dark or the system's theme"],
    ["?", "Show this list"],
  ];
  return (
    <Dialog title="Shortcuts" onClose={onClose}>
      <table class="plain">
        <tbody>
          {rows.map(([keys, words]) => (
            <tr key={keys}>
              <td>{keys.split(" ").map((key) => (key === "or" ? " or " : <kbd key={key}>{key}</kbd>))}</td>
              <td>{words}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Dialog>
  );
}

const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));

function focusOn(selector: string): boolean {
  const found = document.querySelector<HTMLElement>(selector);
  found?.focus();
  return found !== null;
}

function clickOn(selector: string): boolean {
  const found = document.querySelector<HTMLElement>(selector);
  found?.click();
  return found !== null;
}
