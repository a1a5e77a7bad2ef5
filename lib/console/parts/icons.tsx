/** The icons, as lines of 1.6 pixels on a grid of 16. */

const paths = {
  flow: "M2 4h3c3 0 3 8 6 8h3M2 12h3c3 0 3-8 6-8h3",
  topics: "M2.5 4.5 8 2l5.5 2.5L8 7 2.5 4.5ZM2.5 8 8 10.5 13.5 8M2.5 11.5 8 14l5.5-2.5",
  groups:
    "M6 7.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5ZM1.5 13.5c0-2.5 2-4 4.5-4s4.5 1.5 4.5 4M10.5 3a2.3 2.3 0 0 1 0 4.3M12 9.8c1.5.6 2.5 1.9 2.5 3.7",
  routes:
    "M3.5 5.5a1.75 1.75 0 1 0 0-3.5 1.75 1.75 0 0 0 0 3.5ZM12.5 14a1.75 1.75 0 1 0 0-3.5 1.75 1.75 0 0 0 0 3.5ZM5.2 3.75H10a2.25 2.25 0 0 1 0 4.5H6a2.25 2.25 0 0 0 0 4.5h4.7",
  sources: "M13.5 2.5v11M2.5 8h8M7.5 5l3 3-3 3",
  letters: "M2 4.5h12v8H2zM2.3 4.8 8 9.2l5.7-4.4",
  cluster: "M2.5 2.5h11v4h-11zM2.5 9.5h11v4h-11zM5 4.5h.01M5 11.5h.01",
  acls: "M8 1.8 13 4v4c0 3-2.2 5.2-5 6.2C5.2 13.2 3 11 3 8V4l5-2.2ZM5.8 8l1.6 1.6 3-3.2",
  search: "M7 11.5a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9ZM10.5 10.5 14 14",
  plus: "M8 3v10M3 8h10",
  close: "M4 4l8 8M12 4l-8 8",
  copy: "M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3",
  check: "M3 8.5 6.5 12 13 4.5",
  alert: "M8 2 14.5 13.5h-13L8 2ZM8 6.5v3.2M8 11.7h.01",
  reload: "M13.5 8a5.5 5.5 0 1 1-1.7-4M13.5 1.5V4.5h-3",
  send: "M14 2 7 9M14 2 9.5 14 7 9 2 6.5 14 2Z",
  trash: "M2.5 4h11M6 4V2.5h4V4M4 4l.7 9.5h6.6L12 4",
  download: "M8 2v8M4.8 7 8 10.2 11.2 7M2.5 13.5h11",
  play: "M4.5 2.8 12.5 8l-8 5.2V2.8Z",
  pause: "M5 3v10M11 3v10",
  moon: "M13 9.5A5.5 5.5 0 1 1 6.5 3a4.5 4.5 0 0 0 6.5 6.5Z",
  link: "M6.5 9.5l3-3M7 4.5l1.3-1.3a3 3 0 0 1 4.3 4.3L11.3 8.8M8.8 11.3 7.5 12.6a3 3 0 0 1-4.3-4.3L4.5 7",
  again: "M2.5 6h8a3 3 0 0 1 0 6H6M5 3.5 2.5 6 5 8.5",
  edit: "M3 13l.7-3L10.5 3.2l2.3 2.3L6 12.3 3 13Z",
  back: "M10 3 5 8l5 5",
  dots: "M3.5 8h.01M8 8h.01M12.5 8h.01",
} as const;

export type IconName = keyof typeof paths;

export function Icon({ name, size = 16 }: { readonly name: IconName; readonly size?: number }) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 16 16"
      fill="none"
      stroke="currentColor"
      stroke-width="1.6"
      stroke-linecap="round"
      stroke-linejoin="round"
      aria-hidden="true"
    >
      <path d={paths[name]} />
    </svg>
  );
}
