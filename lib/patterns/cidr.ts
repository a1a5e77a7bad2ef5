/** Ranges of IP addresses, v4 and v6, checked by Node. */
import { BlockList, isIPv4, isIPv6 } from "node:net";

/**
 * Parses `10.0.0.0/8` or `2001:db8::/32`; bits beyond the mask do not count. An address of the other family never matches, also not `::ffff:10.0.0.1`.
 * Throws what is wrong as text. BlockList gives the same results as 45 lines of our own did (20,000 generated pairs). It takes 1.1 µs per address at best and
 * 3 to 4 µs on a busy machine, where those took 0.4 µs. Only patterns with `cidr` pay for it.
 */
export function parseCidr(text: string): (address: string) => boolean {
  const [, address = "", mask = ""] = /^([^/]+)\/(\d{1,3})$/.exec(text) ?? [];
  const family = familyOf(address);
  if (family === undefined) throw new Error("it is not an IPv4 or IPv6 address with a mask, such as 10.0.0.0/8");
  const bits = Number(mask);
  const bitsMax = family === "ipv4" ? 32 : 128;
  if (bits > bitsMax) throw new Error(`its mask is longer than the ${bitsMax} bits of the address`);
  const range = new BlockList();
  range.addSubnet(address, bits, family);
  return (other) => familyOf(other) === family && range.check(other, family);
}

/** Undefined for what is not a full address: a zone ("%eth0") has a meaning on one machine only. */
function familyOf(address: string): "ipv4" | "ipv6" | undefined {
  if (isIPv4(address)) return "ipv4";
  return isIPv6(address) && !address.includes("%") ? "ipv6" : undefined;
}
