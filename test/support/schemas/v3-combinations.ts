/** Every way to combine `type`, `schema`, `schema_id`, `schema_version`, `subject` and `subject_name_strategy` in a v3 key or value, and what becomes of it. */

type Given = "id" | "version" | "text";
type Subject = "none" | "subject" | "TOPIC_NAME" | "RECORD_NAME" | "TOPIC_RECORD_NAME" | "both";

export interface Combination {
  readonly type: "none" | "plain" | "schema";
  /** Which of `schema_id`, `schema_version` and `schema` are given. */
  readonly given: readonly Given[];
  readonly subject: Subject;
  /** Written, or the words of the refusal. */
  readonly expected: "written" | string;
}

const types = ["none", "plain", "schema"] as const;
const givens: readonly (readonly Given[])[] = [
  [],
  ["id"],
  ["version"],
  ["text"],
  ["id", "version"],
  ["id", "text"],
  ["version", "text"],
  ["id", "version", "text"],
];
const subjects: readonly Subject[] = ["none", "subject", "TOPIC_NAME", "RECORD_NAME", "TOPIC_RECORD_NAME", "both"];

/** 3 types, 8 ways to give a schema and 6 ways to give a subject. The rules are those of Confluent's ProduceRequest.java and SchemaManagerImpl.java, in their order. */
export const combinations: readonly Combination[] = types.flatMap((type) =>
  givens.flatMap((given) => subjects.map((subject) => ({ type, given, subject, expected: expectedOf(type, given, subject) }))),
);

function expectedOf(type: Combination["type"], given: readonly Given[], subject: Subject): string {
  if (subject === "both") return "Only one of 'subject_name_strategy' or 'subject' can be used.";
  if (given.length > 1) return "Only one of 'schema_id', 'schema_version' or 'schema' can be used.";
  const [one] = given;
  if (type === "plain") return expectedOfPlain(one, subject);
  if (type === "schema") {
    if (one === "id") return "cannot be used with 'serializer'";
    if (one === "version") return "cannot be used with 'serializer'";
    return one === undefined ? "'schema_version=latest' cannot be used with 'serializer'" : "written";
  }
  if (one === "text") return "'schema' cannot be used without 'type'";
  const needsName = subject === "RECORD_NAME" || subject === "TOPIC_RECORD_NAME";
  return one !== "id" && needsName ? `Cannot use schema_subject_strategy=${subject} without schema_id or schema.` : "written";
}

function expectedOfPlain(one: Given | undefined, subject: Subject): string {
  if (subject === "subject") return "'type=JSON' cannot be used with 'subject'";
  if (subject !== "none") return "'type=JSON' cannot be used with 'subject_strategy'";
  if (one === undefined) return "written";
  return `'type=JSON' cannot be used with '${{ id: "schema_id", version: "schema_version", text: "schema" }[one]}'`;
}
