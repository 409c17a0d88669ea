"""The parser of the command line: what argparse knows, with errors that say what was meant and what to type next."""

from __future__ import annotations

import argparse
import difflib
import re
import sys
from collections.abc import Container, Sequence
from typing import Any, NoReturn


class Parser(argparse.ArgumentParser):
    """A parser whose errors look like nb2pipe's own, and that takes no beginnings of options for options."""

    def __init__(self, **options: Any) -> None:
        kept: dict[str, Any] = {"formatter_class": argparse.RawDescriptionHelpFormatter, "allow_abbrev": False}
        super().__init__(**(kept | options))

    def parse_args(self, args: Sequence[str] | None = None, namespace: Any = None) -> Any:  # type: ignore[override]  # one form of four
        """The options; of those that nobody knows the first is told, with the one that it is nearly."""
        options, unknown = self.parse_known_args(args, namespace)
        if unknown:
            self._command(options).unknown(unknown)
        return options

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """As argparse; an option that takes a name and a value takes them in one word too: ``-p NAME=VALUE``."""
        pairs = {o for o, action in self._option_string_actions.items() if action.metavar == ("NAME", "VALUE")}
        words = list(sys.argv[1:] if args is None else args)
        return super().parse_known_args(_apart(words, pairs) if pairs else words, namespace)

    def unknown(self, arguments: Sequence[str]) -> NoReturn:
        """End, because of arguments that the command does not take."""
        option = next((a for a in arguments if a.startswith("-")), None)
        if option is None:
            self.error(f"unexpected argument `{arguments[0]}`")
        name = option.partition("=")[0]
        near = difflib.get_close_matches(name, self._option_string_actions, 1)
        self.error(f"unknown option `{name}`" + (f"; a similar option exists: `{near[0]}`" if near else ""))

    def error(self, message: str) -> NoReturn:
        """End with exit code 2 and the message."""
        wanting = re.fullmatch(r"argument ([^/:]+).*: expected (?:\d+|one|at least one) arguments?", message)
        action = self._option_string_actions.get(wanting[1]) if wanting else None
        if action is not None:
            names = action.metavar or action.dest.upper()
            message = f"{action.option_strings[0]} takes {names if isinstance(names, str) else ' '.join(names)}"
        self.exit(2, f"error: {message}\nmore: {self.prog} --help\n")

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        """Refuse a value that is none of the choices, with the nearest that is."""
        if action.choices is None or value in action.choices:
            return
        known = [str(choice) for choice in action.choices]
        near = difflib.get_close_matches(str(value), known, 1)
        if isinstance(action, argparse._SubParsersAction):
            hint = f"a similar subcommand exists: `{near[0]}`" if near else f"the commands are {', '.join(known)}"
            self.error(f"unknown command `{value}`; {hint}")
        hint = f"did you mean `{near[0]}`?" if near else f"it is one of {', '.join(known)}"
        self.error(f"{'/'.join(action.option_strings)} `{value}`: {hint}")

    def _command(self, options: argparse.Namespace) -> Parser:
        """The parser of the command that was given."""
        for action in self._actions:
            if isinstance(action, argparse._SubParsersAction):
                found = action.choices.get(getattr(options, action.dest, None) or "")
                if isinstance(found, Parser):
                    return found
        return self


def _apart(words: Sequence[str], options: Container[str]) -> list[str]:
    """The words, with ``NAME=VALUE`` behind one of the options in two; a name has no ``=``."""
    found: list[str] = []
    for place, word in enumerate(words):
        name, sign, value = word.partition("=")
        after = place > 0 and words[place - 1] in options
        found += [name, value] if after and sign and name.isidentifier() else [word]
    return found


def examples(*lines: tuple[str, str]) -> str:
    """The end of a command's help: commands to copy, each with what it does."""
    width = max(len(command) for command, _ in lines)
    return "\n".join(["examples:", *(f"  {command:<{width}}  # {what}" for command, what in lines)])


def show_help(parser: argparse.ArgumentParser) -> int:
    """Print the help where errors go, because no command was given."""
    parser.print_help(sys.stderr)
    return 2
