/** Rows of CSV as RFC 4180 describes them (https://www.rfc-editor.org/rfc/rfc4180). Pure. */

/** The fields of one row, as text. */
export function csvFields(row: string, delimiter: string): readonly string[] {
  const text = row.replace(/\r$/, "");
  const fields: string[] = [];
  for (let at = 0; at <= text.length; ) {
    const { field, end } = text[at] === '"' ? quotedField(text, at, delimiter) : plainField(text, at, delimiter);
    fields.push(field);
    at = end + 1;
  }
  return fields;
}

function plainField(text: string, from: number, delimiter: string): { readonly field: string; readonly end: number } {
  const found = text.indexOf(delimiter, from);
  const end = found < 0 ? text.length : found;
  return { field: text.slice(from, end), end };
}

function quotedField(text: string, from: number, delimiter: string): { readonly field: string; readonly end: number } {
  let field = "";
  let at = from + 1;
  for (;;) {
    const quote = text.indexOf('"', at);
    if (quote < 0) return { field: field + text.slice(at), end: text.length };
    field += text.slice(at, quote);
    if (text[quote + 1] !== '"') {
      // Whatever stands between the closing quote and the delimiter belongs to the field, as most readers take it.
      const rest = plainField(text, quote + 1, delimiter);
      return { field: field + rest.field, end: rest.end };
    }
    field += '"';
    at = quote + 2;
  }
}

/** The row as a JSON object of texts, by the names of the header. Undefined where the row has more or fewer fields. */
export function rowJson(fields: readonly string[], names: readonly string[]): string | undefined {
  if (fields.length !== names.length) return undefined;
  return `{${names.map((name, index) => `${JSON.stringify(name)}:${JSON.stringify(fields[index])}`).join(",")}}`;
}
