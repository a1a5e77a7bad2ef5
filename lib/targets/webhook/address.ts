/** Which addresses a webhook may connect to: public ones. Checked on the resolved address at each connect, so that a name cannot change its mind in between. */
import { lookup as resolve } from "node:dns";
import { BlockList, isIPv4, isIPv6, type LookupFunction } from "node:net";
import { RelayError } from "../../errors.js";

/** IANA's special-purpose registry for IPv4, and multicast (https://www.iana.org/assignments/iana-ipv4-special-registry). */
const specialIPv4 = new BlockList();
for (const subnet of [
  "0.0.0.0/8",
  "10.0.0.0/8",
  "100.64.0.0/10",
  "127.0.0.0/8",
  "169.254.0.0/16",
  "172.16.0.0/12",
  "192.0.0.0/24",
  "192.0.2.0/24",
  "192.88.99.0/24",
  "192.168.0.0/16",
  "198.18.0.0/15",
  "198.51.100.0/24",
  "203.0.113.0/24",
  "224.0.0.0/4",
  "240.0.0.0/4",
]) {
  const [net = "", bits] = subnet.split("/");
  specialIPv4.addSubnet(net, Number(bits), "ipv4");
}

/** Only 2000::/3 is global unicast; inside it these are not, or carry an IPv4 address that nobody checked (Teredo, 6to4). */
const globalIPv6 = new BlockList();
globalIPv6.addSubnet("2000::", 3, "ipv6");
const specialIPv6 = new BlockList();
for (const [net, bits] of [
  ["2001::", 23],
  ["2001:db8::", 32],
  ["2002::", 16],
  ["3fff::", 20],
] as const) {
  specialIPv6.addSubnet(net, bits, "ipv6");
}

/** Is it an address of the public internet? Loopback, private, link-local (the metadata service), carrier-grade NAT, unique local, mapped and tunnelled ones are not. */
export function isPublicAddress(address: string): boolean {
  const [bare = ""] = address.split("%");
  if (isIPv4(bare)) return !specialIPv4.check(bare, "ipv4");
  return isIPv6(bare) && globalIPv6.check(bare, "ipv6") && !specialIPv6.check(bare, "ipv6");
}

/** `host` as a URL gives it; brackets are IPv6's. Names pass: they are checked when they are resolved. */
export function assertHostAllowed(host: string): void {
  const bare = host.replace(/^\[|\]$/g, "");
  if ((isIPv4(bare) || isIPv6(bare)) && !isPublicAddress(bare)) throw privateAddress(host);
}

/** A resolver for `net.connect` that gives public addresses only, and fails where a name has none. */
export const publicLookup: LookupFunction = (hostname, options, callback) => {
  resolve(hostname, { ...options, all: true }, (error, addresses) => {
    if (error !== null) return callback(error, "", 0);
    const allowed = addresses.filter(({ address }) => isPublicAddress(address));
    const [first] = allowed;
    if (first === undefined) return callback(privateAddress(hostname) as NodeJS.ErrnoException, "", 0);
    return options.all ? callback(null, allowed) : callback(null, first.address, first.family);
  });
};

function privateAddress(host: string): RelayError {
  return new RelayError(
    "target-refused",
    `The webhook's host ${host} is not on the public internet, and the route does not set allowPrivate, so nothing was sent.`,
  );
}
