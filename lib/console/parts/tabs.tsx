/** Parts of a view, each with an address of its own. */

interface TabLink {
  readonly name: string;
  readonly words: string;
  readonly link: string;
}

export function Tabs({ label, current, tabs }: { readonly label: string; readonly current: string; readonly tabs: readonly TabLink[] }) {
  return (
    <nav class="tabs" aria-label={label}>
      {tabs.map(({ name, words, link }) => (
        <a key={name} href={link} {...(name === current ? { "aria-current": "page" as const } : {})}>
          {words}
        </a>
      ))}
    </nav>
  );
}
