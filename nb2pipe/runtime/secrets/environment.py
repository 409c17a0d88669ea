"""The environment of a step's process: the secrets that the step asks for are in it, and to ask for another is an error."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from nb2pipe.runtime import states
from nb2pipe.runtime.task import StepSecrets


class SecretWithheld(Exception):
    """A cell asks for a secret that no tag of its step names."""


class Variables(dict):  # type: ignore[type-arg]  # what os.environ keeps its variables in
    """The variables of the environment. In a kernel a secret may be there for all cells, so it is not just missing where it is withheld."""

    withheld: Mapping[bytes, str] = {}

    def __missing__(self, key: Any) -> Any:
        if key in Variables.withheld:
            name = Variables.withheld[key]
            raise SecretWithheld(
                f"{name} is a secret of this run, and is only given to steps that ask for it: tag the cell `secret:{name}`"
            )
        raise KeyError(key)


def give(secrets: StepSecrets) -> None:
    """Make the environment what a step has to find."""
    states.give_to_environment(secrets.given)
    Variables.withheld = {os.fsencode(name): name for name in secrets.withheld}
    environment: Any = os.environ
    if Variables.withheld and not isinstance(
        environment._data, Variables
    ):  # the one place that all ways to ask lead to
        environment._data = Variables(environment._data)
        if hasattr(os, "environb"):
            inner: Any = os.environb
            inner._data = environment._data


def binding(name: str, secrets: StepSecrets | None) -> str:
    """The value of a secret that a parameter is.

    Raises:
        SecretWithheld: It was not wanted when the run began.
    """
    found = None if secrets is None else secrets.known.get(name)
    if found is None:
        raise SecretWithheld(f"the secret {name} was not asked for when the run began")
    return found
