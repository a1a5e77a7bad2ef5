/** The owner of a folder: the program whose broker or child processes run there. A killed program owns nothing. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { identityOf, isAlive, type ProcessIdentity } from "./identity.js";

const ownerFile = (folder: string): string => join(folder, "owner.json");

/** The live program that owns the folder, or undefined. */
export function ownerOf(folder: string): ProcessIdentity | undefined {
  try {
    const owner = JSON.parse(readFileSync(ownerFile(folder), "utf8")) as ProcessIdentity;
    return isAlive(owner) ? owner : undefined;
  } catch {
    return undefined;
  }
}

export function takeOwnership(folder: string): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(ownerFile(folder), JSON.stringify(identityOf(process.pid)));
}

export function giveUpOwnership(folder: string): void {
  if (ownerOf(folder)?.pid === process.pid) rmSync(ownerFile(folder), { force: true });
}
