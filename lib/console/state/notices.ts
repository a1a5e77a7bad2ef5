/** Short messages at the edge of the page about what was done. */
import { signal } from "@preact/signals";

interface Notice {
  readonly id: number;
  readonly text: string;
  readonly link: string | undefined;
}

const shownMs = 6_000;
const shownMax = 3;

export const notices = signal<readonly Notice[]>([]);
let lastId = 0;

export function notify(text: string, link?: string): void {
  const id = ++lastId;
  notices.value = [...notices.value, { id, text, link }].slice(-shownMax);
  setTimeout(() => {
    notices.value = notices.value.filter((notice) => notice.id !== id);
  }, shownMs);
}
