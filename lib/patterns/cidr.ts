/** Ranges of IP addresses, v4 and v6. */
import { isIPv4, isIPv6 } from "node:net";

/** Parses `10.0.0.0/8` or `2001:db8::/32`; bits beyond the mask do not count. Throws what is wrong as text. */
export function parseCidr(text: string): (address: string) => boolean {
  const [, address = "", mask = ""] = /^([^/]+)\/(\d{1,3})$/.exec(text) ?? [];
  const words = toWords(address);
  if (words === undefined) throw new Error("it is no IPv4 or IPv6 address with a mask, such as 10.0.0.0/8");
  const bits = Number(mask);
  const bitsMax = words.length * 16;
  if (bits > bitsMax) throw new Error(`its mask is longer than the ${bitsMax} bits of the address`);
  return (other) => {
    const otherWords = toWords(other);
    return otherWords?.length === words.length && sharesBits(words, otherWords, bits);
  };
}

function sharesBits(left: readonly number[], right: readonly number[], bits: number): boolean {
  for (let index = 0; index * 16 < bits; index++) {
    const kept = Math.min(16, bits - index * 16);
    if (((left[index] ?? 0) ^ (right[index] ?? 0)) >> (16 - kept) !== 0) return false;
  }
  return true;
}

/** Two words of 16 bits for v4, eight for v6; undefined: no full address. */
function toWords(address: string): readonly number[] | undefined {
  if (isIPv4(address)) return v4Words(address);
  if (!isIPv6(address) || address.includes("%")) return undefined;
  const [head = "", tail] = address.split("::");
  const front = v6Words(head);
  if (tail === undefined) return front;
  const back = v6Words(tail);
  return [...front, ...Array<number>(8 - front.length - back.length).fill(0), ...back];
}

function v4Words(address: string): number[] {
  const [a = 0, b = 0, c = 0, d = 0] = address.split(".").map(Number);
  return [a * 256 + b, c * 256 + d];
}

function v6Words(part: string): number[] {
  return part === "" ? [] : part.split(":").flatMap((word) => (word.includes(".") ? v4Words(word) : [Number.parseInt(word, 16)]));
}
