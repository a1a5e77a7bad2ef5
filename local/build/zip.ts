/** A zip of few small files that is the same bytes whenever its files are. */
import { buffer } from "node:stream/consumers";
import { ZipFile } from "yazl";

interface ZipEntry {
  /** With forward slashes. */
  readonly name: string;
  readonly bytes: Buffer;
}

/** Real times and modes would make two builds of the same code differ. A DOS time has no time zone: it is written as the local clock reads. */
const options = { mtime: new Date(1980, 0, 1), forceDosTimestamp: true, mode: 0o100644, compressionLevel: 9 };

export async function zip(entries: readonly ZipEntry[]): Promise<Buffer> {
  const file = new ZipFile();
  for (const { name, bytes } of [...entries].sort((one, other) => (one.name < other.name ? -1 : 1))) file.addBuffer(bytes, name, options);
  file.end();
  return buffer(file.outputStream);
}
