/** Which schema a key or a value is encoded with: the latest of a subject, one by its id, or one that is given as text. */
import type { Signal } from "@preact/signals";
import { ChoiceField, FormField, TextField } from "../parts/fields.js";
import type { SchemaBy, TypedSchema, TypedSchemaKind } from "./produce-schema.js";

interface SchemaFieldsProps {
  readonly part: "Key" | "Value";
  readonly topic: string;
  readonly schema: Signal<TypedSchema>;
}

const ways: readonly (readonly [SchemaBy, string])[] = [
  ["latest", "The latest of the subject"],
  ["id", "By its id"],
  ["text", "Written here"],
];
const types: readonly (readonly [TypedSchemaKind, string])[] = [
  ["AVRO", "Avro"],
  ["JSONSCHEMA", "JSON Schema"],
  ["PROTOBUF", "Protobuf"],
];

export function SchemaFields({ part, topic, schema }: SchemaFieldsProps) {
  const field = <Name extends keyof TypedSchema>(name: Name) => memberOf(schema, name);
  const { by } = schema.value;
  return (
    <fieldset class="schema-fields" aria-label={`Schema of the ${part.toLowerCase()}`}>
      <div class="fields">
        <ChoiceField label={`${part} schema`} value={field("by")} choices={ways} />
        {by === "id" && <TextField label={`${part} schema id`} value={field("id")} placeholder="7" />}
        {by === "text" && <ChoiceField label={`${part} schema type`} value={field("type")} choices={types} />}
        <TextField label={`${part} subject`} value={field("subject")} placeholder={`${topic}-${part.toLowerCase()}`} />
      </div>
      {by === "text" && (
        <FormField label={`${part} schema text`} hint="It is registered under the subject, if the subject does not have it.">
          <textarea
            rows={5}
            spellcheck={false}
            value={schema.value.text}
            onInput={(event) => (schema.value = { ...schema.value, text: event.currentTarget.value })}
          />
        </FormField>
      )}
    </fieldset>
  );
}

/** A member of the draft as a field reads and writes it. */
function memberOf<Name extends keyof TypedSchema>(schema: Signal<TypedSchema>, name: Name): Signal<TypedSchema[Name]> {
  return {
    get value() {
      return schema.value[name];
    },
    set value(next) {
      schema.value = { ...schema.value, [name]: next };
    },
  } as Signal<TypedSchema[Name]>;
}
