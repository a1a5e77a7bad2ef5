/** A scan of dead letters or of their marks that the time did not suffice for: it says so, since half of them must not be taken for all. */
import { RelayError, toRelayError } from "../../errors.js";

export function outOfTime(topic: string): RelayError {
  return new RelayError("deadline-exceeded", `The topic ${topic} could not be read to its end in the time that was left.`);
}

export function isOutOfTime(thrown: unknown): boolean {
  return toRelayError(thrown).code === "deadline-exceeded";
}
