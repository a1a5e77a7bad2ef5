/** Reads answers of EC2's Query API: elements and text, without attributes that matter (https://docs.aws.amazon.com/AWSEC2/latest/APIReference/Query-Requests.html). Pure. */

import { SaxesParser } from "saxes";

export interface XmlElement {
  readonly name: string;
  readonly children: readonly XmlElement[];
  readonly text: string;
}

/** The root element. Throws an Error for a text that is not well-formed. */
export function parseXml(xml: string): XmlElement {
  const root = { name: "", children: [] as XmlElement[], text: "" };
  const open = [root];
  const parser = new SaxesParser();
  parser.on("opentag", ({ name }) => {
    const element = { name, children: [] as XmlElement[], text: "" };
    open.at(-1)?.children.push(element);
    open.push(element);
  });
  parser.on("text", (text) => {
    const parent = open.at(-1);
    if (parent !== undefined) parent.text += text;
  });
  parser.on("closetag", () => void open.pop());
  parser.on("error", ({ message }) => {
    throw new Error(`the answer is not well-formed XML: ${message}`);
  });
  parser.write(xml).close();
  return root.children[0] ?? root;
}

/** The `item` elements of a list. */
export const itemsOf = (element: XmlElement | undefined, list: string): readonly XmlElement[] =>
  childOf(element, list)?.children.filter(({ name }) => name === "item") ?? [];

export const childOf = (element: XmlElement | undefined, name: string): XmlElement | undefined =>
  element?.children.find((child) => child.name === name);

/** Undefined for an element that is missing or empty. */
export const wordOf = (element: XmlElement | undefined, name: string): string | undefined =>
  childOf(element, name)?.text.trim() || undefined;
