"""What the codes mean: of errors, and of connections that were closed.

generated from schema/asyncapi/native.json by `cargo xtask foreign --update`, do not edit
"""

from typing import Final

from .native import Action, ErrorCode

CLOSE_CODES: Final[dict[int, tuple[ErrorCode, Action]]] = {
    1001: ("ERR_SHUTTING_DOWN", "reconnect"),
    1002: ("ERR_PROTOCOL", "reconnect"),
    1003: ("ERR_UNSUPPORTED_FRAME", "stop"),
    1007: ("ERR_INVALID_UTF8", "reconnect"),
    1009: ("ERR_TOO_LARGE", "stop"),
    1011: ("ERR_INTERNAL_ERROR", "retry"),
    4400: ("ERR_BAD_REQUEST", "stop"),
    4401: ("ERR_NOT_AUTHENTICATED", "refresh"),
    4402: ("ERR_TOKEN_EXPIRED", "refresh"),
    4403: ("ERR_FORBIDDEN_ACCESS", "stop"),
    4404: ("ERR_NOT_FOUND", "stop"),
    4405: ("ERR_METHOD_NOT_ALLOWED", "stop"),
    4406: ("ERR_UNSUPPORTED_VERSION", "stop"),
    4408: ("ERR_AUTH_TIMEOUT", "reconnect"),
    4409: ("ERR_ALREADY_EXISTS", "stop"),
    4410: ("ERR_SESSION_REPLACED", "stop"),
    4411: ("ERR_SLOW_READER", "reconnect"),
    4412: ("ERR_HEARTBEAT_TIMEOUT", "reconnect"),
    4413: ("ERR_LIMIT_REACHED", "stop"),
    4414: ("ERR_SESSION_REVOKED", "refresh"),
    4415: ("ERR_UNSUPPORTED_MEDIA_TYPE", "stop"),
    4429: ("ERR_TOO_MANY_REQUESTS", "retry"),
    4501: ("ERR_NOT_SUPPORTED", "stop"),
    4503: ("ERR_STORAGE_UNAVAILABLE", "retry"),
}
"""
What it means that a connection was closed with a code. After any other code: connect again and resume.
"""

ERRORS: Final[dict[str, Action]] = {
    "ERR_BAD_REQUEST": "stop",
    "ERR_INVALID_JSON": "stop",
    "ERR_TOO_DEEP": "stop",
    "ERR_UNKNOWN_COMMAND": "stop",
    "ERR_UNSUPPORTED_FRAME": "stop",
    "ERR_PROTOCOL": "reconnect",
    "ERR_INVALID_UTF8": "reconnect",
    "ERR_UNSUPPORTED_VERSION": "stop",
    "ERR_TOO_LARGE": "stop",
    "ERR_NOT_AUTHENTICATED": "refresh",
    "ERR_INVALID_ACCESS_TOKEN": "refresh",
    "ERR_TOKEN_EXPIRED": "refresh",
    "ERR_AUTH_TIMEOUT": "reconnect",
    "ERR_FORBIDDEN_ACCESS": "stop",
    "ERR_ORIGIN_REFUSED": "stop",
    "ERR_NOT_FOUND": "stop",
    "ERR_MESSAGE_NOT_FOUND": "stop",
    "ERR_METHOD_NOT_ALLOWED": "stop",
    "ERR_ALREADY_EXISTS": "stop",
    "ERR_CLIENT_ID_CONFLICT": "stop",
    "ERR_LIMIT_REACHED": "stop",
    "ERR_NOT_SUPPORTED": "stop",
    "ERR_UNSUPPORTED_MEDIA_TYPE": "stop",
    "ERR_SESSION_REVOKED": "refresh",
    "ERR_TOO_MANY_REQUESTS": "retry",
    "ERR_SESSION_REPLACED": "stop",
    "ERR_SLOW_READER": "reconnect",
    "ERR_HEARTBEAT_TIMEOUT": "reconnect",
    "ERR_SHUTTING_DOWN": "reconnect",
    "ERR_STORAGE_UNAVAILABLE": "retry",
    "ERR_INTERNAL_ERROR": "retry",
}
"""
What to do about an error whose `action` is not known. About any other code: stop.
"""
