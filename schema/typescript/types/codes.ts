// generated from schema/asyncapi/native.json by `cargo xtask foreign --update`, do not edit
import type { Action, ErrorCode } from "./native.ts";

/** What it means that a connection was closed with a code. After any other code: connect again and resume. */
export const CLOSE_CODES: Readonly<Record<number, { code: ErrorCode; action: Action }>> = {
  1001: { code: "ERR_SHUTTING_DOWN", action: "reconnect" },
  1002: { code: "ERR_PROTOCOL", action: "reconnect" },
  1003: { code: "ERR_UNSUPPORTED_FRAME", action: "stop" },
  1007: { code: "ERR_INVALID_UTF8", action: "reconnect" },
  1009: { code: "ERR_TOO_LARGE", action: "stop" },
  1011: { code: "ERR_INTERNAL_ERROR", action: "retry" },
  4400: { code: "ERR_BAD_REQUEST", action: "stop" },
  4401: { code: "ERR_NOT_AUTHENTICATED", action: "refresh" },
  4402: { code: "ERR_TOKEN_EXPIRED", action: "refresh" },
  4403: { code: "ERR_FORBIDDEN_ACCESS", action: "stop" },
  4404: { code: "ERR_NOT_FOUND", action: "stop" },
  4405: { code: "ERR_METHOD_NOT_ALLOWED", action: "stop" },
  4406: { code: "ERR_UNSUPPORTED_VERSION", action: "stop" },
  4408: { code: "ERR_AUTH_TIMEOUT", action: "reconnect" },
  4409: { code: "ERR_ALREADY_EXISTS", action: "stop" },
  4410: { code: "ERR_SESSION_REPLACED", action: "stop" },
  4411: { code: "ERR_SLOW_READER", action: "reconnect" },
  4412: { code: "ERR_HEARTBEAT_TIMEOUT", action: "reconnect" },
  4413: { code: "ERR_LIMIT_REACHED", action: "stop" },
  4414: { code: "ERR_SESSION_REVOKED", action: "refresh" },
  4415: { code: "ERR_UNSUPPORTED_MEDIA_TYPE", action: "stop" },
  4429: { code: "ERR_TOO_MANY_REQUESTS", action: "retry" },
  4501: { code: "ERR_NOT_SUPPORTED", action: "stop" },
  4503: { code: "ERR_STORAGE_UNAVAILABLE", action: "retry" },
};
