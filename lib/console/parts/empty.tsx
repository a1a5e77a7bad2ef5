/** Where there is nothing to see: why, and what to do first. */
import type { ComponentChildren } from "preact";

export function Empty({ title, children }: { readonly title: string; readonly children?: ComponentChildren }) {
  return (
    <div class="empty card">
      <h2>{title}</h2>
      {children}
    </div>
  );
}
