/** What the console does, as commands that people can copy: a call with curl, and a command line of kafka-relay. Pure. */

interface CurlCall {
  readonly method: string;
  readonly url: string;
  readonly body?: string | undefined;
  readonly contentType?: string | undefined;
  /** A placeholder for the token stands in it; the token itself is never shown. */
  readonly hasToken?: boolean | undefined;
}

const quoted = (text: string): string => (/^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);

export function toCurl({ method, url, body, contentType = "application/json", hasToken = false }: CurlCall): string {
  const parts = ["curl"];
  if (method !== "GET" && !(method === "POST" && body !== undefined)) parts.push("-X", method);
  parts.push(quoted(url));
  if (hasToken) parts.push("-H", '"Authorization: Bearer $TOKEN"');
  if (body !== undefined) parts.push("-H", quoted(`content-type: ${contentType}`), "-d", quoted(body));
  return parts.join(" ");
}

/** Words that are undefined are left out. */
export const toCommand = (...words: readonly (string | number | undefined)[]): string =>
  ["kafka-relay", ...words.filter((word) => word !== undefined).map((word) => quoted(String(word)))].join(" ");
