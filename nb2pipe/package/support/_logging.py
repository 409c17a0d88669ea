"""How logging is set up: levels, and handlers that write to the standard streams or to files."""

from __future__ import annotations

import logging
import sys
import warnings
from typing import Any, NamedTuple

_STREAMS = ("stdout", "stderr")


class _Handler(NamedTuple):
    """A handler: ``target`` is "stdout", "stderr", or the path of a file."""

    target: str
    level: int
    formatter: logging.Formatter | None


class _Logger(NamedTuple):
    """A logger, with the handlers that the notebook may have given it."""

    level: int
    propagate: bool
    disabled: bool
    handlers: tuple[_Handler, ...]


def taken() -> Any:
    """How logging is set up.

    Raises:
        ValueError: There is a filter, or a handler of another kind.
    """
    loggers = {"": logging.getLogger(), **logging.getLogger().manager.loggerDict}
    found = {n: _logger(n, x) for n, x in loggers.items() if isinstance(x, logging.Logger)}
    return found, logging.root.manager.disable, logging.getLevelNamesMapping(), _keeps_warnings()


def put(value: Any) -> None:
    """Set logging up as it was taken."""
    loggers, disable, levels, keeps = value
    for level, number in levels.items():
        if logging.getLevelNamesMapping().get(level) != number:
            logging.addLevelName(number, level)
    for name, made in loggers.items():
        logger = logging.getLogger(name or None)
        logger.setLevel(made.level)
        logger.propagate, logger.disabled = made.propagate, made.disabled
        for handler in [h for h in logger.handlers if type(h) is not logging.NullHandler]:
            logger.removeHandler(handler)
        for handler in made.handlers:
            logger.addHandler(_made(handler))
    logging.disable(disable)
    if keeps != _keeps_warnings():
        logging.captureWarnings(keeps)


def _keeps_warnings() -> bool:
    """Whether warnings are logged."""
    return warnings.showwarning.__module__ == "logging"


def _logger(name: str, logger: logging.Logger) -> _Logger:
    if logger.filters:
        raise ValueError(f"the logger {name or 'root'} has filters")
    handlers = [h for h in logger.handlers if type(h) is not logging.NullHandler]  # which libraries have
    return _Logger(logger.level, logger.propagate, logger.disabled, tuple(_handler(name, h) for h in handlers))


def _handler(name: str, handler: logging.Handler) -> _Handler:
    target = ""
    if type(handler) is logging.FileHandler:
        target = handler.baseFilename
    elif type(handler) is logging.StreamHandler:
        target = next((name for name in _STREAMS if handler.stream is getattr(sys, name)), "")
    if not target or handler.filters:
        raise ValueError(f"the logger {name or 'root'} has a {type(handler).__name__} of its own")
    return _Handler(target, handler.level, handler.formatter)


def _made(kept: _Handler) -> logging.Handler:
    stream = getattr(sys, kept.target) if kept.target in _STREAMS else None
    made: logging.Handler = logging.StreamHandler(stream) if stream else logging.FileHandler(kept.target)
    made.setLevel(kept.level)
    made.setFormatter(kept.formatter)
    return made
