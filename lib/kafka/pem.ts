/** Environments seldom keep line breaks: a PEM text may have them as `\n`, or come in base64 as a whole. */
export function toPem(text: string): string {
  return text.includes("-----BEGIN") ? text.replaceAll("\\n", "\n") : Buffer.from(text, "base64").toString("utf8");
}
