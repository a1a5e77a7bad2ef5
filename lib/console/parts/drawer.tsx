/** A panel at the side, beside what it belongs to. Escape closes it. */
import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { Icon } from "./icons.js";

interface DrawerProps {
  readonly title: string;
  readonly onClose: () => void;
  readonly actions?: ComponentChildren;
  readonly children: ComponentChildren;
}

export function Drawer({ title, onClose, actions, children }: DrawerProps) {
  const element = useRef<HTMLElement>(null);
  const close = useRef(onClose);
  close.current = onClose;
  // Before the drawer is seen: whoever sees it may press Escape.
  useLayoutEffect(() => {
    const before = document.activeElement;
    element.current?.focus();
    // Wherever the focus is: what had it, such as the button of a dialog, may be gone. A dialog that is open closes first.
    const onKey = ({ key }: KeyboardEvent) => {
      if (key === "Escape" && document.querySelector("dialog[open]") === null) close.current();
    };
    window.addEventListener("keydown", onKey);
    return () => {
      window.removeEventListener("keydown", onKey);
      if (before instanceof HTMLElement) before.focus();
    };
  }, []);
  return (
    <aside class="drawer" ref={element} tabIndex={-1} aria-label={title}>
      <div class="dialog-head">
        <h2>{title}</h2>
        <div class="row">
          {actions}
          <button type="button" class="quiet icon" aria-label="Close" onClick={onClose}>
            <Icon name="close" />
          </button>
        </div>
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: an area that scrolls must be reachable by keyboard (WCAG 2.1.1) */}
      <section class="drawer-body" tabIndex={0} aria-label={`${title}, contents`}>
        {children}
      </section>
    </aside>
  );
}
