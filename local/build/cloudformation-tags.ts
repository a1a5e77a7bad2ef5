/**
 * CloudFormation's short forms in YAML, as the objects that they stand for: `!GetAtt Orders.Arn` is { "Fn::GetAtt": ["Orders", "Arn"] }
 * (https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html). Without them, a reference would be read as a text.
 */
import { type CollectionTag, type ScalarTag, YAMLMap, YAMLSeq } from "yaml";

const names = [
  "Base64",
  "Cidr",
  "FindInMap",
  "GetAtt",
  "GetAZs",
  "If",
  "ImportValue",
  "Join",
  "Select",
  "Split",
  "Sub",
  "And",
  "Equals",
  "Not",
  "Or",
];

const longNameOf = (name: string): string => (name === "Ref" || name === "Condition" ? name : `Fn::${name}`);

/** `!GetAtt Orders.Arn` names an attribute, which may have dots itself. */
function argumentOf(name: string, text: string): unknown {
  const [id, ...attribute] = text.split(".");
  return name === "GetAtt" ? [id, attribute.join(".")] : text;
}

export const cloudFormationTags: (ScalarTag | CollectionTag)[] = [...names, "Ref", "Condition"].flatMap((name) => {
  const tag = `!${name}`;
  const long = (argument: unknown) => ({ [longNameOf(name)]: argument });
  return [
    { tag, resolve: (text: string) => long(argumentOf(name, text)) },
    { tag, collection: "seq" as const, nodeClass: YAMLSeq, resolve: (value: unknown) => toNode(long((value as YAMLSeq).toJSON())) },
    { tag, collection: "map" as const, nodeClass: YAMLMap, resolve: (value: unknown) => toNode(long((value as YAMLMap).toJSON())) },
  ] as (ScalarTag | CollectionTag)[];
});

function toNode(value: object): YAMLMap {
  const map = new YAMLMap();
  for (const [key, inner] of Object.entries(value)) map.set(key, inner);
  return map;
}
