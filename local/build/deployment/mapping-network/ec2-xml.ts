/** Reads answers of EC2's Query API: elements and text, without attributes that matter (https://docs.aws.amazon.com/AWSEC2/latest/APIReference/Query-Requests.html). Pure. */

export interface XmlElement {
  readonly name: string;
  readonly children: readonly XmlElement[];
  readonly text: string;
}

const token = /<\?[^>]*\?>|<!--[\s\S]*?-->|<(\/?)([\w:.-]+)[^<>]*?(\/?)>|([^<]+)/gy;
const entities: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

/** The root element. Throws an Error if the text is not such an answer. */
export function parseXml(xml: string): XmlElement {
  const root = { name: "", children: [] as XmlElement[], text: "" };
  const open = [root];
  let end = 0;
  for (const [whole, close, name, isEmpty, text] of xml.matchAll(token)) {
    end += whole.length;
    const parent = open.at(-1) ?? root;
    if (text !== undefined) parent.text += unescaped(text);
    if (name === undefined) continue;
    if (close === "/") {
      if (open.length === 1 || parent.name !== name)
        throw new Error(`the answer is not well-formed XML: </${name}> closes <${parent.name}>`);
      open.pop();
      continue;
    }
    const element = { name, children: [] as XmlElement[], text: "" };
    parent.children.push(element);
    if (isEmpty !== "/") open.push(element);
  }
  const [first] = root.children;
  if (first === undefined || open.length > 1 || end < xml.length) throw new Error("the answer is not well-formed XML");
  return first;
}

/** The `item` elements of a list. */
export const itemsOf = (element: XmlElement | undefined, list: string): readonly XmlElement[] =>
  childOf(element, list)?.children.filter(({ name }) => name === "item") ?? [];

export const childOf = (element: XmlElement | undefined, name: string): XmlElement | undefined =>
  element?.children.find((child) => child.name === name);

/** Undefined for an element that is missing or empty. */
export const wordOf = (element: XmlElement | undefined, name: string): string | undefined =>
  childOf(element, name)?.text.trim() || undefined;

function unescaped(text: string): string {
  return text.replace(/&(?:#(\d+)|#x([0-9a-f]+)|(\w+));/gi, (whole, decimal, hex, name) => {
    if (name !== undefined) return entities[name] ?? whole;
    return String.fromCodePoint(decimal === undefined ? Number.parseInt(hex, 16) : Number(decimal));
  });
}
