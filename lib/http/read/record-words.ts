/** The parts of a record's JSON that are the same for every record, as bytes. */

export const recordFormats = ["json", "string", "base64"] as const;
export type RecordFormat = (typeof recordFormats)[number];

export interface MemberWords extends Readonly<Record<RecordFormat, Buffer>> {
  readonly name: Buffer;
  readonly null: Buffer;
  readonly part: "key" | "value";
}

const wordsOf = (name: "key" | "value"): MemberWords => ({
  name: Buffer.from(`,"${name}":`),
  null: Buffer.from(`,"${name}":null`),
  part: name,
  json: Buffer.from(`,"${name}_format":"json"`),
  string: Buffer.from(`,"${name}_format":"string"`),
  base64: Buffer.from(`,"${name}_format":"base64"`),
});
const keyWords = wordsOf("key");
const valueWords = wordsOf("value");

const comma = Buffer.from(",");
const quote = Buffer.from('"');
const closeBrace = Buffer.from("}");
const nullWord = Buffer.from("null");
const offsetWord = Buffer.from('"offset":');
const timestampWord = Buffer.from(',"timestamp":');
const createTime = Buffer.from(',"timestamp_type":"CREATE_TIME"');
const logAppendTime = Buffer.from(',"timestamp_type":"LOG_APPEND_TIME"');
const headersOpen = Buffer.from(',"headers":[');
const end = Buffer.from("]}");
const headerOpen = Buffer.from('{"name":');
const nextHeaderOpen = Buffer.from(',{"name":');
const headerValue = Buffer.from(',"value":');
const headerFormat = Buffer.from(',"value_format":"base64"');

/** The member names of a record without its prefix: their bytes, and the quotes among them. */
const frameBytesMax = 160;
const frameEscapesMax = 48;
const headerBytesMax = 80;

export const recordWords = {
  keyWords,
  valueWords,
  comma,
  quote,
  closeBrace,
  nullWord,
  offsetWord,
  timestampWord,
  createTime,
  logAppendTime,
  headersOpen,
  end,
  headerOpen,
  nextHeaderOpen,
  headerValue,
  headerFormat,
  frameBytesMax,
  frameEscapesMax,
  headerBytesMax,
} as const;
