"""What every step of a run stands in: the interpreter, what is installed, the machine, the environment."""

from __future__ import annotations

import hashlib
import os
import platform
import sys
import sysconfig
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

from nb2pipe import __version__
from nb2pipe.interpreters import elsewhere, environment_there, path_there, start_there
from nb2pipe.runtime.observed import content_of
from nb2pipe.store.digests import digest_of_text

_FORM = "1"
"""Of recipes, of values and of what is kept with them: another one finds nothing that this one kept."""
DECISIVE = ("pandas", "numpy")
"""Libraries of which one major version does other things than the next: what is known of calls holds for those of here."""
_SESSION = frozenset({
    "_", "PWD", "OLDPWD", "SHLVL", "PATH", "TERM", "COLORTERM", "COLUMNS", "LINES", "WINDOWID", "DISPLAY", "WAYLAND_DISPLAY",
    "LS_COLORS", "PS1", "PS2", "PROMPT_COMMAND", "EDITOR", "VISUAL", "PAGER", "LESS", "LESSOPEN", "LESSCLOSE", "MAIL", "STY",
    "TMUX", "TMUX_PANE", "INVOCATION_ID", "JOURNAL_STREAM", "SYSTEMD_EXEC_PID", "MANAGERPID", "MEMORY_PRESSURE_WATCH",
    "MEMORY_PRESSURE_WRITE", "TERM_PROGRAM", "TERM_PROGRAM_VERSION", "TERM_SESSION_ID", "VIRTUAL_ENV_PROMPT", "MAKEFLAGS",
    "MAKELEVEL", "MFLAGS", "PYTEST_CURRENT_TEST", "JPY_PARENT_PID", "HISTFILE", "HISTSIZE", "HISTCONTROL", "DEBUGINFOD_URLS",
    "PYTHONHASHSEED", "HOSTNAME", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_CREDENTIAL_EXPIRATION",
    "AZURE_STORAGE_ACCOUNT_KEY", "AZURE_STORAGE_CONNECTION_STRING", "AZURE_STORAGE_SAS_TOKEN", "GOOGLE_APPLICATION_CREDENTIALS",
    "PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED", "PYTHONPYCACHEPREFIX", "CLICOLOR", "CLICOLOR_FORCE", "FORCE_COLOR", "GIT_PAGER",
})  # fmt: skip
"""Variables that are of the session: they count for a step that asks for them."""
_SHELLS = frozenset({"TERM", "PAGER", "CLICOLOR", "CLICOLOR_FORCE", "FORCE_COLOR", "GIT_PAGER"})
"""Those that the shell of a step sets, always to the same."""
_SESSIONS = ("NB2PIPE_", "FSSPEC_", "SSH_", "XDG_SESSION", "DBUS_", "GPG_", "VSCODE_", "BASH_FUNC_", "JUPYTER", "TMUX", "KONSOLE_", "VTE_",
             "GNOME_", "XDG_RUNTIME", "WT_", "ITERM_", "STARSHIP_", "ZSH", "BASH_")  # fmt: skip


class Surroundings(NamedTuple):
    """The parts of a recipe that all steps of a run have; ``packages`` and ``environment`` are told in full elsewhere."""

    parts: Mapping[str, str]
    packages: str
    environment: Mapping[str, str]


def is_of_session(name: str) -> bool:
    """Whether a variable does not count for all steps, but for one that asks for it."""
    return name not in _SHELLS and (name in _SESSION or name.startswith(_SESSIONS))


def surroundings(cwd: str, hash_seed: str, salt: bytes, host: str) -> Surroundings:
    """What a run in the folder ``cwd`` stands in, its processes' hashes being those of ``hash_seed``.

    ``host`` is the name of the machine, "" where it does not count.
    """
    variables = {n: v for n, v in environment_there().items() if n not in _SESSION and not n.startswith(_SESSIONS)}
    keyed = {name: keyed_digest(salt, value) for name, value in sorted(variables.items())}
    listed = packages()
    parts = {
        "nb2pipe": f"{__version__} {_FORM}",
        "python": _python(),
        "machine": f"{host} {platform.platform()} {platform.machine()} {os.cpu_count()} {os.getuid()} {_zone()}",
        "hashes": hash_seed,
        "folder": cwd,
        "configuration": _configuration(cwd),
        "packages": digest_of_text(listed),
        "environment": digest_of_text("\0".join(f"{n}={d}" for n, d in keyed.items())),
    }
    return Surroundings(parts, listed, keyed)


def _python() -> str:
    """The interpreter that runs the steps."""
    other = elsewhere()
    version, prefix = (sys.version, sys.prefix) if other is None else (other.version, other.prefix)
    return f"{version} {' '.join(start_there())} {prefix}"


def keyed_digest(salt: bytes, text: str) -> str:
    """A digest that nobody without the salt can make: of what may be a secret."""
    return hashlib.blake2b(text.encode("utf-8", "surrogateescape"), key=salt, digest_size=12).hexdigest()


def package_times() -> tuple[int, ...]:
    """When something was installed or uninstalled last."""
    return tuple(os.stat(p).st_mtime_ns for p in _package_folders() if os.path.isdir(p))  # noqa: PTH112, PTH116  for each step


def _package_folders() -> list[str]:
    other = elsewhere()
    own = _own_folders() if other is None else other.site
    return list(dict.fromkeys([*own, *(p for p in path_there() if p.endswith("-packages"))]))


@cache
def _own_folders() -> tuple[str, str]:
    paths = sysconfig.get_paths()
    return paths["purelib"], paths["platlib"]


def packages() -> str:
    """What is installed, a line each; of what was installed from a folder or an archive also when."""
    lines = []
    for place in _package_folders():
        try:
            names = os.listdir(place)
        except OSError:
            continue
        for name in names:
            if name.endswith((".dist-info", ".egg-info", ".egg-link", ".pth")):
                direct = Path(place, name, "direct_url.json")
                lines.append(f"{name} {direct.stat().st_mtime_ns}" if direct.exists() else name)
    return "\n".join(sorted(lines))


def _zone() -> str:
    try:
        return str(Path("/etc/localtime").readlink())
    except OSError:
        return content_of("/etc/localtime")


def _configuration(cwd: str) -> str:
    """What libraries read of the user's own configuration while they are imported, which happens before a step is watched."""
    home = Path.home()
    config = Path(os.environ.get("XDG_CONFIG_HOME") or home / ".config")
    files = [Path(cwd, "matplotlibrc"), config / "matplotlib" / "matplotlibrc", home / ".matplotlib" / "matplotlibrc"]
    environment = environment_there()
    for name in ("MATPLOTLIBRC", "MPLCONFIGDIR"):
        if environment.get(name):
            given = Path(environment[name])
            files += [given, given / "matplotlibrc"]
    return digest_of_text("\0".join(content_of(str(f)) for f in files))
