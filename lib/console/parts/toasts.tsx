/** Notices, at the edge of the page. */
import { notices } from "../state/notices.js";
import { Icon } from "./icons.js";

export function Toasts() {
  return (
    <div class="toasts" role="status" aria-live="polite">
      {notices.value.map(({ id, text, link }) => (
        <div class="toast" key={id}>
          <Icon name="check" />
          <span>{text}</span>
          {link !== undefined && <a href={link}>Show</a>}
        </div>
      ))}
    </div>
  );
}
