/** A dead letter in a row. */
import type { RowColumn } from "../parts/rows.js";
import { TimeText } from "../parts/times.js";
import type { ListedLetter } from "../state/letters.js";
import { linkTo } from "../state/place.js";

export const stateColours: Readonly<Record<ListedLetter["state"], string>> = { open: "bad", redriven: "good", discarded: "" };

export const letterColumns: readonly RowColumn<ListedLetter>[] = [
  { title: "Time", width: "204px", cell: ({ last_time }) => <TimeText timeMs={Date.parse(last_time)} /> },
  { title: "Route", width: "132px", cell: ({ route, written_by }) => route ?? <span class="muted">{written_by}</span> },
  { title: "Code", width: "146px", cell: ({ code }) => <span class="badge warn">{code ?? "unknown"}</span> },
  { title: "Reason", cell: ({ message = "" }) => <span title={message}>{message}</span> },
  { title: "Origin", width: "180px", cell: ({ origin }) => <OriginLink origin={origin} /> },
  {
    title: "State",
    width: "104px",
    cell: ({ state }) => <span class={`badge ${stateColours[state]}`}>{state}</span>,
  },
];

export function OriginLink({ origin }: { readonly origin: ListedLetter["origin"] }) {
  if (origin === undefined) return <span class="muted">unknown</span>;
  const { topic, partition, offset } = origin;
  return <a href={linkTo(["topics", topic], { record: `${partition}/${offset}` })}>{`${topic} ${partition}/${offset}`}</a>;
}
