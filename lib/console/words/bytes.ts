/** Bytes in base64, as text, and as a hex dump. Pure. */

export const toBase64 = (bytes: Uint8Array): string => {
  let text = "";
  for (let at = 0; at < bytes.length; at += 0x8000) text += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  return btoa(text);
};

export const fromBase64 = (text: string): Uint8Array => Uint8Array.from(atob(text), (char) => char.charCodeAt(0));

export const utf8Bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

const rowBytes = 16;

/** "00000010  68 65 6c 6c  6f …  hello". The first `bytesMax` bytes. */
export function toHexDump(bytes: Uint8Array, bytesMax: number): string {
  const lines: string[] = [];
  for (let at = 0; at < Math.min(bytes.length, bytesMax); at += rowBytes) {
    const row = [...bytes.subarray(at, Math.min(at + rowBytes, bytesMax))];
    const digits = row.map((byte, index) => byte.toString(16).padStart(2, "0") + (index === 7 ? " " : "")).join(" ");
    const text = row.map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : ".")).join("");
    lines.push(`${at.toString(16).padStart(8, "0")}  ${digits.padEnd(49)} ${text}`);
  }
  if (bytes.length > bytesMax) lines.push(`… ${bytes.length - bytesMax} more bytes`);
  return lines.join("\n");
}
