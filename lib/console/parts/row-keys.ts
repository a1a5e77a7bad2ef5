/** Moving through rows with the keyboard. */

export const isOpeningKey = ({ key }: KeyboardEvent): boolean => key === "Enter" || key === " ";

/** Arrow keys, or j and k: the focus goes to the row below or above. */
export function moveFocus(event: KeyboardEvent): void {
  const isDown = event.key === "ArrowDown" || event.key === "j";
  if (!isDown && event.key !== "ArrowUp" && event.key !== "k") return;
  const row = event.currentTarget as HTMLElement;
  const next = isDown ? row.nextElementSibling : row.previousElementSibling;
  if (!(next instanceof HTMLElement) || next.tabIndex < 0) return;
  event.preventDefault();
  next.focus();
}
