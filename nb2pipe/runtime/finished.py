"""What a step's process leaves to the scheduler: digests, where its interpreter has no xxhash."""

from __future__ import annotations

from pathlib import Path

from nb2pipe.diagnostics import say
from nb2pipe.runtime.observed import content_of, names_in
from nb2pipe.runtime.task import Report
from nb2pipe.store.digests import STAND_IN, StandIns, digest_of_file


def finish(report: Report, folder: Path) -> None:
    """Give what a step reports the digests that it would have had.

    What was read is read again, and counts as torn where it is not the same any more.

    Raises:
        OSError: A file of values cannot be read.
    """
    report.files = [
        file._replace(digest=digest_of_file(folder / file.name)) if file.proof and not file.digest else file
        for file in report.files
    ]
    seen = report.observed
    if seen is None:
        return
    for path, digest in seen.files.items():
        if digest.startswith(STAND_IN):
            seen.files[path] = content_of(path)
            if content_of(path, StandIns()) != digest:
                seen.torn.append(say("reads %1, which was changed meanwhile", path))
    for path, digest in seen.folders.items():
        if digest.startswith(STAND_IN):
            seen.folders[path] = names_in(path)
            if names_in(path, StandIns().of_text) != digest:
                seen.torn.append(say("looks through %1, in which files came or went meanwhile", path))
