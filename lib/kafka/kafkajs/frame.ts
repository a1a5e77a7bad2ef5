/** A request as it goes over the wire: its length, its header (1, or 2 with the empty tag section of KIP-482), its body. */
import type { Socket } from "node:net";

interface RequestHead {
  readonly key: number;
  readonly version: number;
  readonly correlationId: number;
  readonly isFlexible: boolean;
  readonly clientId: Buffer;
}

/** Up to so many bytes copying is cheaper than handing two buffers to the system. */
const joinedBytesMax = 32 * 1024;
const fixedBytes = 14;
const lengthBytes = 4;

export function toHeader({ key, version, correlationId, isFlexible, clientId }: RequestHead, bodyBytes: number): Buffer {
  const header = Buffer.allocUnsafe(fixedBytes + clientId.length + (isFlexible ? 1 : 0));
  header.writeInt32BE(header.length - lengthBytes + bodyBytes, 0);
  header.writeInt16BE(key, 4);
  header.writeInt16BE(version, 6);
  header.writeInt32BE(correlationId, 8);
  header.writeInt16BE(clientId.length, 12);
  clientId.copy(header, fixedBytes);
  if (isFlexible) header[header.length - 1] = 0;
  return header;
}

export function writeFrame(socket: Socket, head: RequestHead, body: Buffer): void {
  const header = toHeader(head, body.length);
  if (body.length <= joinedBytesMax) {
    socket.write(Buffer.concat([header, body]));
    return;
  }
  socket.cork(); // header and body leave together, neither copied
  socket.write(header);
  socket.write(body);
  socket.uncork();
}
