"""Logs: one JSON object a line on standard error, from a closed list of fields.

In:   what the server and its background process have to tell an operator.
Out:  lines without bodies, names, addresses, keys, tokens or query strings (safety 3, "Secrets, logs").
Idea: a field that is not on the list is not written, so a new call cannot leak by accident; what is on the list
      is a number or a word of ours. An exception is told by its type and the places it passed, never by its
      message: messages quote values.
"""

from __future__ import annotations

import json
import logging
import re
import sys
import traceback
from collections.abc import Mapping, MutableMapping
from pathlib import Path
from types import TracebackType
from typing import Any, TextIO

import structlog

from etalage.errors import Unknown

# In this order: what an operator looks for first stands first.
FIELDS = tuple(
    "time level event logger shop part process error places id seconds count attempt port workers status".split()
)
Fields = MutableMapping[str, Any]
LEVELS = {name: getattr(logging, name.upper()) for name in ("debug", "info", "warning", "error")}
PLACES = 6  # innermost frames of an exception

# Belt and braces for texts that others wrote, such as the web server's own messages.
_SECRETS = re.compile(
    r"\b(?:wk|sk|whsec)_\w+|[^\s@]+@[^\s@]+\.\w+|\?\S+|\b(?:Basic|Bearer)\s+\S+", re.IGNORECASE
)

log: Any = structlog.get_logger("etalage")  # structlog's loggers have no better type


def set_up(level: str, *, stream: TextIO | None = None) -> None:
    """Send all logs of this process, the web server's too, through one formatter.

    Raises:
        Unknown: the level is none.
    """
    if level not in LEVELS:
        raise Unknown("log level", level, LEVELS, field="log_level")
    shared: list[structlog.types.Processor] = [
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
    ]
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared, processors=[_tell_error, _only_known, _line]
    )
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(LEVELS[level])
    logging.getLogger("alembic").setLevel(logging.WARNING)  # tells of every look at the tables
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )


def places_of(trace: TracebackType | None) -> list[str]:
    """Name the innermost places an exception passed: file, line and function; no values."""
    frames = traceback.extract_tb(trace)[-PLACES:]
    return [f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames]


def _tell_error(_: object, __: str, fields: Fields) -> Fields:
    """Replace an exception by its type and places."""
    given = fields.pop("exc_info", None)
    if given is True:
        given = sys.exc_info()
    error = given[1] if isinstance(given, tuple) else given
    if isinstance(error, BaseException):
        fields["error"] = type(error).__name__
        fields["places"] = places_of(error.__traceback__)
    return fields


def _only_known(_: object, __: str, fields: Fields) -> Fields:
    return {name: _clean(fields[name]) for name in FIELDS if name in fields}


def _clean(value: object) -> object:
    if isinstance(value, str):
        return _SECRETS.sub("***", value)
    if isinstance(value, bool | int | float) or value is None:
        return value
    if isinstance(value, Mapping):
        return {str(name): _clean(one) for name, one in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_clean(one) for one in value]
    return type(value).__name__


def _line(_: object, __: str, fields: Fields) -> str:
    """Write one line; whatever is not printable ASCII is escaped, so no value can end a line or move a cursor."""
    return json.dumps(fields, ensure_ascii=True).replace("\x7f", "\\u007f")
