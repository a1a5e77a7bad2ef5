/** Names and values below each other. */
import type { ComponentChildren } from "preact";

export function FactTable({ children }: { readonly children: ComponentChildren }) {
  return (
    <table class="plain">
      <tbody>{children}</tbody>
    </table>
  );
}

export function FactRow({ name, children }: { readonly name: string; readonly children: ComponentChildren }) {
  return (
    <tr>
      <th scope="row">{name}</th>
      <td>{children}</td>
    </tr>
  );
}
