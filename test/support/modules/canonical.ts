/** Templates in a form in which they can be compared: references as `<Id.Attribute>`, whichever function of CloudFormation writes them, and lists of texts in order. */

export interface Comparable {
  readonly type: string;
  readonly properties: unknown;
}

interface Resource {
  readonly Type: string;
  readonly Properties?: Record<string, unknown>;
}

type NameOf = (id: string) => string;

/** `rename` gives a resource's id in the package for its id in this template. */
export function canonical(resources: Readonly<Record<string, Resource>>, rename: NameOf): ReadonlyMap<string, Comparable> {
  return new Map(
    Object.entries(resources).map(([id, { Type, Properties = {} }]) => [rename(id), { type: Type, properties: plain(Properties, rename) }]),
  );
}

/** What says nothing is left out: absent members and empty lists. */
export function plain(value: unknown, rename: NameOf = (id) => id): unknown {
  if (typeof value === "string") return jsonIn(value) ?? value;
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) {
    const items = value.map((item) => plain(item, rename));
    return items.every((item) => typeof item === "string" || isPair(item)) ? items.sort(byText) : items.sort(byId);
  }
  const text = textOf(value as Record<string, unknown>, rename);
  if (text !== undefined) return jsonIn(text) ?? text;
  const members = Object.entries(value)
    .map(([name, member]) => [name, plain(member, rename)] as const)
    .filter(([name, member]) => member !== undefined && member !== null && !isEmpty(name, member));
  return Object.fromEntries(members.sort(([left], [right]) => (left < right ? -1 : 1)));
}

const isEmpty = (name: string, member: unknown): boolean =>
  (Array.isArray(member) && member.length === 0) || (name === "Tags" && Object.keys(member as object).length === 0);

/** A name and its value, in lists whose order means nothing. */
const isPair = (item: unknown): boolean => typeof item === "object" && item !== null && Object.keys(item).length === 2;
/** The metrics of an alarm are a set. What has no id keeps its place. */
const byId = (left: unknown, right: unknown): number => (idOf(left) < idOf(right) ? -1 : idOf(left) > idOf(right) ? 1 : 0);
const idOf = (item: unknown): string => String((item as { readonly Id?: unknown } | null)?.Id ?? "");
const byText = (left: unknown, right: unknown): number => (JSON.stringify(left) < JSON.stringify(right) ? -1 : 1);

const pseudo: Readonly<Record<string, string>> = {
  "AWS::Partition": "<partition>",
  "AWS::Region": "<region>",
  "AWS::AccountId": "<account>",
  "AWS::URLSuffix": "<suffix>",
};

function textOf(value: Record<string, unknown>, rename: NameOf): string | undefined {
  const [[name, argument] = ["", undefined], ...others] = Object.entries(value);
  if (others.length > 0) return undefined;
  const reference = (id: string, attribute?: string) => pseudo[id] ?? `<${rename(id)}${attribute === undefined ? "" : `.${attribute}`}>`;
  if (name === "Ref") return reference(String(argument));
  if (name === "Fn::GetAtt") return reference(...([argument].flat() as [string, string]));
  if (name === "Fn::Sub")
    return String(argument).replace(/\$\{([^}.]+)(?:\.([^}]+))?\}/g, (_, id: string, attribute?: string) => reference(id, attribute));
  if (name !== "Fn::Join") return undefined;
  const [separator, items] = argument as [string, unknown[]];
  return items.map((item) => (typeof item === "string" ? item : (textOf(item as Record<string, unknown>, rename) ?? ""))).join(separator);
}

/** A dashboard and the format of a log are JSON as text. */
function jsonIn(text: string): unknown {
  if (!text.startsWith('{"')) return undefined;
  return plain(JSON.parse(text));
}
