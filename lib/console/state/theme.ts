/** Light, dark, or what the system prefers. */
import { signal } from "@preact/signals";

const themes = ["system", "light", "dark"] as const;
type Theme = (typeof themes)[number];

/** Kept in memory only, like everything else here. */
export const theme = signal<Theme>("system");
/** Times as they are here, or in UTC. */
export const isUtc = signal(false);

export function nextTheme(): void {
  const next = themes[(themes.indexOf(theme.value) + 1) % themes.length] ?? "system";
  theme.value = next;
  if (next === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = next;
}
