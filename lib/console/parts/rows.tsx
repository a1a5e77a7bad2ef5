/** A table of any number of rows: only those on the screen are in the page. Columns sort, rows open by click or Enter. */
import { elementScroll, observeElementOffset, observeElementRect, Virtualizer } from "@tanstack/virtual-core";
import type { ComponentChildren, RefObject } from "preact";
import { useEffect, useLayoutEffect, useReducer, useRef } from "preact/hooks";
import { isOpeningKey, moveFocus } from "./row-keys.js";

export interface RowColumn<Row> {
  readonly title: string;
  readonly cell: (row: Row) => ComponentChildren;
  /** In CSS: "120px"; absent: what is left. */
  readonly width?: string;
  readonly isNumber?: boolean;
  /** Makes the column sort under this name. */
  readonly sort?: string;
}

interface RowsProps<Row> {
  readonly label: string;
  readonly rows: readonly Row[];
  readonly columns: readonly RowColumn<Row>[];
  readonly keyOf: (row: Row) => string | number;
  readonly onOpen?: (row: Row) => void;
  readonly selected?: string | number | undefined;
  readonly sorted?: { readonly by: string; readonly isDescending: boolean } | undefined;
  readonly onSort?: (by: string) => void;
  /** Called with the rows on the screen, to load more about them. */
  readonly onShown?: (rows: readonly Row[]) => void;
}

const rowHeightPx = 38;
const overscan = 12;

export function RowTable<Row>(props: RowsProps<Row>) {
  const { label, rows, columns, keyOf } = props;
  const scroller = useRef<HTMLElement>(null);
  const shown = useVirtualRows(scroller, rows.length);
  const visible = rows.slice(shown.from, shown.to);
  const shownKeys = visible.map(keyOf).join(" ");
  useEffect(() => props.onShown?.(visible), [shownKeys]);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: an area that scrolls must be reachable by keyboard (WCAG 2.1.1)
    <section class="rows card" ref={scroller} aria-label={label} tabIndex={0}>
      <table aria-rowcount={rows.length + 1}>
        <colgroup>
          {columns.map(({ title, width }) => (
            <col key={title} style={width === undefined ? {} : { width }} />
          ))}
        </colgroup>
        <Head {...props} />
        <tbody>
          <Spacer height={shown.from * rowHeightPx} columns={columns.length} />
          {visible.map((row, index) => (
            <BodyRow key={keyOf(row)} row={row} number={shown.from + index + 2} {...props} />
          ))}
          <Spacer height={(rows.length - shown.to) * rowHeightPx} columns={columns.length} />
        </tbody>
      </table>
    </section>
  );
}

function Head<Row>({ columns, sorted, onSort }: RowsProps<Row>) {
  return (
    <thead>
      <tr aria-rowindex={1}>
        {columns.map(({ title, sort, isNumber }) => {
          const direction = sort !== undefined && sorted?.by === sort ? (sorted.isDescending ? "descending" : "ascending") : undefined;
          return (
            <th
              key={title}
              scope="col"
              class={isNumber === true ? "number" : ""}
              {...(direction === undefined ? {} : { "aria-sort": direction })}
            >
              {sort === undefined || onSort === undefined ? (
                title
              ) : (
                <button type="button" onClick={() => onSort(sort)}>
                  {title}
                  <span aria-hidden="true">{direction === undefined ? "" : direction === "ascending" ? "↑" : "↓"}</span>
                </button>
              )}
            </th>
          );
        })}
      </tr>
    </thead>
  );
}

function BodyRow<Row>(props: RowsProps<Row> & { readonly row: Row; readonly number: number }) {
  const { row, number, columns, keyOf, onOpen, selected } = props;
  const cells = columns.map(({ title, cell, isNumber }) => (
    <td key={title} class={isNumber === true ? "number" : ""}>
      {cell(row)}
    </td>
  ));
  if (onOpen === undefined) return <tr aria-rowindex={number}>{cells}</tr>;
  const isLinkOrButton = (event: Event) => (event.target as Element).closest("a, button, input") !== null;
  return (
    <tr
      class="open"
      aria-rowindex={number}
      aria-selected={selected !== undefined && keyOf(row) === selected}
      tabIndex={0}
      onClick={(event) => (isLinkOrButton(event) ? undefined : onOpen(row))}
      onKeyDown={(event) => {
        if (isOpeningKey(event) && !isLinkOrButton(event)) onOpen(row);
        else moveFocus(event);
      }}
    >
      {cells}
    </tr>
  );
}

function Spacer({ height, columns }: { readonly height: number; readonly columns: number }) {
  if (height <= 0) return null;
  return (
    <tr class="spacer">
      <td colSpan={columns} style={{ height: `${height}px` }} />
    </tr>
  );
}

/** The rows that are on the screen, and some around them. */
function useVirtualRows(scroller: RefObject<HTMLElement | null>, count: number): { readonly from: number; readonly to: number } {
  const [, redraw] = useReducer((times: number) => times + 1, 0);
  const held = useRef<Virtualizer<HTMLElement, Element> | undefined>(undefined);
  const options = {
    count,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeightPx,
    overscan,
    scrollToFn: elementScroll,
    observeElementRect,
    observeElementOffset,
    onChange: () => redraw(undefined),
  };
  held.current ??= new Virtualizer<HTMLElement, Element>(options);
  const virtualizer = held.current;
  virtualizer.setOptions(options);
  useLayoutEffect(() => virtualizer._didMount(), [virtualizer]);
  useLayoutEffect(() => virtualizer._willUpdate());
  const items = virtualizer.getVirtualItems();
  const from = items[0]?.index ?? 0;
  return { from, to: Math.min(count, (items.at(-1)?.index ?? Math.min(count, 2 * overscan) - 1) + 1) };
}
