/** Errors of the operating system on a connection: the other side cannot be found, reached or heard. They are the target's state, never a bug. */

/**
 * Codes of system calls (https://nodejs.org/api/errors.html#common-system-errors) and of name lookups: EAI_AGAIN, EAI_FAIL, EAI_NODATA and their like come from
 * getaddrinfo (https://man7.org/linux/man-pages/man3/getaddrinfo.3.html). ERR_... are Node's complaints about its caller, so they do not belong here.
 */
export function isUnreachable(systemCode: string): boolean {
  return /^(EAI_[A-Z]+|E(?!RR_)[A-Z0-9]{2,})$/.test(systemCode);
}
