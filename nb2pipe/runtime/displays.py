"""What IPython shows, turned into events: displays, results of cells, widgets' messages.

IPython is imported here: only a step's process and the parent that forks it import this module.
"""

from __future__ import annotations

import base64
import datetime as dt
import math
import numbers
import sys
from collections.abc import Iterable, Mapping
from typing import Any

from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher


class ResultHook(DisplayHook):
    """Turns the value of a cell's last expression into an ``execute_result``."""

    message: dict[str, Any] | None = None

    def start_displayhook(self) -> None:
        """A value is about to be formatted."""
        self.message = {"output_type": "execute_result", "metadata": {}, "data": {}}

    def write_output_prompt(self) -> None:
        """The prompt is the execution count."""
        if self.message is not None:
            self.message["execution_count"] = self.prompt_count

    def write_format_data(self, format_dict: Any, md_dict: Any = None) -> None:
        """Take in what the formatters made of the value."""
        if self.message is not None:
            self.message["data"], self.message["metadata"] = clean(format_dict), clean(md_dict or {})

    def finish_displayhook(self) -> None:
        """Send it, after what was printed before."""
        shell: Any = self.shell
        message, self.message = self.message, None
        if message is not None and message["data"]:
            shell.send_output(message)


class Publisher(DisplayPublisher):
    """Turns ``display``, ``update_display`` and ``clear_output`` into events."""

    def publish(
        self,
        data: Any,
        metadata: Any = None,
        source: Any = None,
        *,
        transient: Any = None,
        update: bool = False,
        **kwargs: Any,
    ) -> None:
        """Show a mime bundle, or change one that is shown."""
        shell: Any = self.shell
        sys.stdout.flush()
        sys.stderr.flush()
        metadata = {} if metadata is None else metadata
        shell.display_pub._validate_data(data, metadata)
        display_id = (transient or {}).get("display_id")
        if update:
            content = {"data": clean(data), "metadata": clean(metadata)}
            shell.send({"type": "update", "display_id": display_id, **content})
        else:
            output = {"output_type": "display_data", "data": clean(data), "metadata": clean(metadata)}
            shell.send_output(output, display_id)

    def clear_output(self, wait: bool = False) -> None:
        """Clear the cell's outputs, at once or when the next one comes."""
        shell: Any = self.shell
        sys.stdout.flush()
        sys.stderr.flush()
        shell.send({"type": "clear", "wait": wait})


def clean(value: Any) -> Any:
    """``value`` as it comes out of a Jupyter message: JSON types, bytes in base64 (jupyter_client's json_default)."""
    if value is None or isinstance(value, (str, bool)):
        return value
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        # json knows neither; jupyter_client then cleans the message, which writes them as text
        return float(value) if math.isfinite(value) else repr(float(value))
    if isinstance(value, Mapping):
        return {k if isinstance(k, str) else _key(k): clean(v) for k, v in value.items()}
    if isinstance(value, (bytes, bytearray, memoryview)):
        return base64.b64encode(value).decode("ascii")
    if isinstance(value, dt.datetime):
        return (value if value.tzinfo else value.astimezone()).isoformat().replace("+00:00", "Z")
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, Iterable):
        return [clean(v) for v in value]
    if isinstance(value, numbers.Integral):
        return int(value)
    if isinstance(value, numbers.Real):
        return clean(float(value))
    raise TypeError(f"{value!r} is not JSON serializable")


def _key(key: Any) -> str:
    if isinstance(key, bool):
        return "true" if key else "false"
    return "null" if key is None else str(key)


def connect_widgets(shell: Any) -> None:
    """Let widgets speak to a front end that is not there: what they say becomes events.

    Nothing is done where the ``comm`` package, which all of Jupyter's widgets use, is not installed.
    """
    try:
        import comm
        from comm.base_comm import BaseComm
    except ImportError:
        return

    class Comm(BaseComm):
        """A widget's end of its connection."""

        def publish_msg(
            self, msg_type: str, data: Any = None, metadata: Any = None, buffers: Any = None, **keys: Any
        ) -> None:
            data = data or {}
            paths = data.get("buffer_paths") or ()
            shell.send(
                {
                    "type": "comm",
                    "kind": msg_type.removeprefix("comm_"),
                    "comm_id": self.comm_id,
                    "target": keys.get("target_name"),
                    "data": clean(data),
                    "buffers": [
                        {"path": clean(p), "encoding": "base64", "data": base64.b64encode(b).decode("ascii")}
                        for p, b in zip(paths, buffers or (), strict=False)
                    ],
                }
            )

    comm.create_comm = Comm


def tell_widget(comm_id: str, state: dict[str, Any]) -> None:
    """Give a widget new state, as a front end would."""
    import comm

    widget = comm.get_comm_manager().comms.get(comm_id)
    if widget is not None:
        data = {"method": "update", "state": state, "buffer_paths": []}
        widget.handle_msg({"content": {"comm_id": comm_id, "data": data}, "buffers": []})
