// generated from schema/asyncapi/native.json by `cargo xtask foreign --update`, do not edit
import type { Action, ErrorCode } from "./native.ts";

/** What it means that a connection was closed with a code. After any other code: connect again and resume. */
export const CLOSE_CODES: Readonly<Record<number, { err: ErrorCode; action: Action }>> = {
  1001: { err: "ERR_SHUTTING_DOWN", action: "reconnect" },
  1002: { err: "ERR_PROTOCOL", action: "reconnect" },
  1003: { err: "ERR_UNSUPPORTED_FRAME", action: "stop" },
  1007: { err: "ERR_INVALID_UTF8", action: "reconnect" },
  1009: { err: "ERR_TOO_LARGE", action: "stop" },
  1011: { err: "ERR_INTERNAL_ERROR", action: "retry" },
  4400: { err: "ERR_BAD_REQUEST", action: "stop" },
  4401: { err: "ERR_NOT_AUTHENTICATED", action: "refresh" },
  4402: { err: "ERR_TOKEN_EXPIRED", action: "refresh" },
  4403: { err: "ERR_FORBIDDEN_ACCESS", action: "stop" },
  4404: { err: "ERR_NOT_FOUND", action: "stop" },
  4405: { err: "ERR_METHOD_NOT_ALLOWED", action: "stop" },
  4406: { err: "ERR_UNSUPPORTED_VERSION", action: "stop" },
  4408: { err: "ERR_AUTH_TIMEOUT", action: "reconnect" },
  4409: { err: "ERR_ALREADY_EXISTS", action: "stop" },
  4410: { err: "ERR_SESSION_REPLACED", action: "stop" },
  4411: { err: "ERR_SLOW_READER", action: "reconnect" },
  4412: { err: "ERR_HEARTBEAT_TIMEOUT", action: "reconnect" },
  4413: { err: "ERR_LIMIT_REACHED", action: "stop" },
  4414: { err: "ERR_SESSION_REVOKED", action: "refresh" },
  4415: { err: "ERR_UNSUPPORTED_MEDIA_TYPE", action: "stop" },
  4429: { err: "ERR_TOO_MANY_REQUESTS", action: "retry" },
  4501: { err: "ERR_NOT_SUPPORTED", action: "stop" },
  4503: { err: "ERR_STORAGE_UNAVAILABLE", action: "retry" },
};
