/**
 * One client of the local PostgreSQL. PGlite is a single backend, so what a client sends up to its next Sync is run as one piece, and a client in a transaction has
 * the backend to itself: otherwise another client's Bind would replace this one's between its own Bind and Execute.
 * Messages: https://www.postgresql.org/docs/current/protocol-message-formats.html
 */
import type { Socket } from "node:net";

/** Runs protocol messages and returns the responses. */
export interface Backend {
  readonly run: (messages: Uint8Array) => Promise<Uint8Array>;
  readonly rollback: () => Promise<void>;
}

/** Waits for its turn; the returned function ends it. */
export type TakeTurn = () => Promise<() => void>;

const requestCodes = { startup: 196_608, cancel: 80_877_102, ssl: 80_877_103, gss: 80_877_104 } as const;
const headBytes = 4;
const typeBytes = 1;
/** A client that sends more than this in one message is cut off. */
const messageBytesMax = 256 * 1024 * 1024;
/** Query and Sync end a piece; so do Terminate and the end of a COPY. */
const endsPiece = new Set(["Q", "S", "X", "c", "f"].map((type) => type.charCodeAt(0)));
const terminate = "X".charCodeAt(0);
const readyForQuery = "Z".charCodeAt(0);
const idle = "I".charCodeAt(0);

/** Serves the client until it leaves. Never rejects. */
export function serveClient(socket: Socket, backend: Backend, takeTurn: TakeTurn): void {
  const session = new Session(socket, backend, takeTurn);
  socket.on("data", (chunk: Buffer) => session.receive(chunk));
  socket.on("error", () => {});
  socket.once("close", () => session.end());
}

class Session {
  readonly #socket: Socket;
  readonly #backend: Backend;
  readonly #takeTurn: TakeTurn;
  #received: Buffer = Buffer.alloc(0);
  #piece: Buffer[] = [];
  #isStarted = false;
  #endTurn: (() => void) | undefined;
  #work: Promise<void> = Promise.resolve();

  constructor(socket: Socket, backend: Backend, takeTurn: TakeTurn) {
    this.#socket = socket;
    this.#backend = backend;
    this.#takeTurn = takeTurn;
  }

  receive(chunk: Buffer): void {
    this.#received = Buffer.concat([this.#received, chunk]);
    for (let message = this.#nextMessage(); message !== undefined; message = this.#nextMessage()) {
      this.#piece.push(message);
      if (this.#isStarted && !endsPiece.has(message[0] ?? 0)) continue;
      this.#isStarted = true;
      const piece = Buffer.concat(this.#piece);
      this.#piece = [];
      const isLast = message[0] === terminate;
      this.#work = this.#work.then(() => (isLast ? void this.#socket.end() : this.#run(piece))).catch(() => void this.#socket.destroy());
    }
  }

  /** After what is under way. A transaction that the client leaves open is rolled back. */
  end(): void {
    this.#work = this.#work.then(async () => {
      if (this.#endTurn !== undefined) await this.#backend.rollback().finally(() => this.#release());
    });
    this.#work.catch(() => {});
  }

  async #run(piece: Buffer): Promise<void> {
    if (this.#socket.destroyed && this.#endTurn === undefined) return;
    this.#endTurn ??= await this.#takeTurn();
    const response = await this.#backend.run(piece);
    if (!this.#socket.destroyed) this.#socket.write(response);
    if (isIdleAfter(response)) this.#release();
  }

  #release(): void {
    this.#endTurn?.();
    this.#endTurn = undefined;
  }

  #nextMessage(): Buffer | undefined {
    return this.#isStarted ? this.#take(typeBytes) : this.#nextRequest();
  }

  /** Encryption is refused, a cancellation is ignored, and the startup message begins the session. */
  #nextRequest(): Buffer | undefined {
    while (this.#received.length >= 2 * headBytes) {
      const code = this.#received.readInt32BE(headBytes);
      if (code === requestCodes.startup) return this.#take(0);
      if (this.#take(0) === undefined) return undefined;
      if (code !== requestCodes.ssl && code !== requestCodes.gss) return void this.#socket.end();
      this.#socket.write("N");
    }
    return undefined;
  }

  /** The next whole message; its length follows after `before` bytes. */
  #take(before: number): Buffer | undefined {
    if (this.#received.length < before + headBytes) return undefined;
    const bytes = before + this.#received.readInt32BE(before);
    if (bytes < before + headBytes || bytes > messageBytesMax) return void this.#socket.destroy();
    if (this.#received.length < bytes) return undefined;
    const message = this.#received.subarray(0, bytes);
    this.#received = this.#received.subarray(bytes);
    return message;
  }
}

/** Whether the last ReadyForQuery says that no transaction is open. */
function isIdleAfter(response: Uint8Array): boolean {
  const bytes = Buffer.from(response.buffer, response.byteOffset, response.byteLength);
  let status: number | undefined;
  for (let at = 0; at + typeBytes + headBytes <= bytes.length; at += typeBytes + bytes.readInt32BE(at + typeBytes)) {
    if (bytes[at] === readyForQuery) status = bytes[at + typeBytes + headBytes];
  }
  return status === idle;
}
