/** Loopback ports: whether one is free, which process holds it, and which are free below the range of outgoing connections. */
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { createServer, connect as openSocket } from "node:net";
import { commandOf } from "./identity.js";
import { programIn } from "./program-name.js";

/** On Linux, outgoing connections use ports from 32768, so a fixed port above that may be in use at any moment. */
const fixedPortMax = 32_767;
const fixedPortMin = 20_000;
/** Each process searches its own part first. Otherwise, two concurrent searches would find the same ports. */
const portsOfProcess = 64;
const triesMax = 200;

let portsTaken = 0;

interface PortHolder {
  readonly port: number;
  /** Absent if the system does not reveal it, or the process belongs to another user. */
  readonly pid?: number;
  readonly command?: string;
}

/** True if nothing listens on the port and this process could. */
export async function isPortFree(port: number, host = "127.0.0.1"): Promise<boolean> {
  if (await answers(port, host)) return false;
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/** `count` consecutive free ports below 32768 that were not returned before. */
export async function freePorts(count: number): Promise<number[]> {
  for (let tries = 0; tries < triesMax; tries += 1) {
    const first = fixedPortMin + ((process.pid * portsOfProcess + portsTaken) % (fixedPortMax - count - fixedPortMin));
    portsTaken += count;
    const ports = Array.from({ length: count }, (_, index) => first + index);
    const free = await Promise.all(ports.map((port) => isPortFree(port)));
    if (free.every(Boolean)) return ports;
  }
  throw new Error(`No ${count} free ports in a row were found between ${fixedPortMin} and ${fixedPortMax}.`);
}

/** The process that listens on a port, or undefined. */
export async function holderOf(port: number): Promise<PortHolder | undefined> {
  if (await isPortFree(port)) return undefined;
  const pid = process.platform === "linux" ? pidFromProc(port) : pidFromLsof(port);
  const command = pid === undefined ? undefined : commandOf(pid);
  return { port, ...(pid === undefined ? {} : { pid }), ...(command === undefined ? {} : { command }) };
}

/** "by process 4711 (node server.js)", for a message. */
export function holderWords(holder: PortHolder): string {
  if (holder.pid === undefined) return "by another program";
  return `by process ${holder.pid}${holder.command === undefined ? "" : ` (${programIn(holder.command)})`}`;
}

function answers(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = openSocket({ port, host });
    const done = (isOpen: boolean) => {
      socket.destroy();
      resolve(isOpen);
    };
    socket.setTimeout(1_000, () => done(true));
    socket.once("connect", () => done(true));
    socket.once("error", () => done(false));
  });
}

/** Finds the listening socket's inode in the kernel's table, then the process that has it open. */
function pidFromProc(port: number): number | undefined {
  const hexPort = port.toString(16).toUpperCase().padStart(4, "0");
  const listening = "0A";
  const inodes = new Set<string>();
  for (const table of ["/proc/net/tcp", "/proc/net/tcp6"]) {
    for (const line of textOf(table).split("\n").slice(1)) {
      const fields = line.trim().split(/\s+/);
      if (fields[1]?.endsWith(`:${hexPort}`) && fields[3] === listening && fields[9] !== undefined) inodes.add(`socket:[${fields[9]}]`);
    }
  }
  if (inodes.size === 0) return undefined;
  for (const entry of readdirSync("/proc")) {
    if (/^\d+$/.test(entry) && openFilesOf(entry).some((file) => inodes.has(file))) return Number(entry);
  }
  return undefined;
}

function openFilesOf(pid: string): string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).map((fd) => {
      try {
        return readlinkSync(`/proc/${pid}/fd/${fd}`);
      } catch {
        return "";
      }
    });
  } catch {
    return [];
  }
}

function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

function pidFromLsof(port: number): number | undefined {
  try {
    const text = execFileSync("lsof", ["-nP", `-iTCP:${port}`, "-sTCP:LISTEN", "-t"], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
    const pid = Number(text.split("\n")[0]);
    return pid > 0 ? pid : undefined;
  } catch {
    return undefined;
  }
}
