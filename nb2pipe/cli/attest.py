"""`nb2pipe attest check`: whether a package is as it was compiled."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any

from nb2pipe.cli.parser import Parser, examples

if TYPE_CHECKING:
    from nb2pipe.package.versions.attest import Attested


_EXAMPLES = examples(
    ("nb2pipe attest check analysis", "the project in the folder ./analysis"),
    ("nb2pipe attest check analysis-1.0.0-py3-none-any.whl", "a wheel"),
    ("nb2pipe attest check analysis --notebook analysis.ipynb", "also that it came from this notebook"),
    ("nb2pipe attest check analysis --signers allowed_signers", "also that one of these has signed it"),
)


def add_parser(commands: Any) -> None:
    """Add the command to the command line."""
    parser: Parser = commands.add_parser(
        "attest",
        description="Say where a package comes from, and whether it is as it was compiled.",
        epilog=_EXAMPLES,
    )
    check: Parser = parser.add_subparsers(metavar="WHAT", dest="what", required=True, parser_class=Parser).add_parser(
        "check",
        help="check whether a package is as it was compiled",
        description="Check a package against its lock file: every file, every step, who signed it. The first thing that "
        "was changed by hand is named.",
        epilog=_EXAMPLES,
    )
    check.add_argument("package", metavar="PACKAGE", help="a project's folder, a wheel or an sdist")
    check.add_argument("--notebook", metavar="NOTEBOOK", help="the notebook that it is to come from")
    check.add_argument("--signers", metavar="FILE", help="who may have signed it: allowed signers, as in ssh-keygen(1)")
    check.add_argument("--format", choices=("text", "json"), default="text", help="default: text")
    check.set_defaults(main=main)


def main(options: argparse.Namespace) -> int:
    """Run the command; gives 1 where something is not as it was."""
    from nb2pipe import api

    found = api.attest(options.package, options.notebook, options.signers)
    if options.format == "json":
        import json

        document = {
            "name": found.record.name,
            "version": found.record.version,
            "unchanged": not found.problems,
            "problems": list(found.problems),
            "signed": found.signed,
            "signer": found.signer or None,
        }
        sys.stdout.write(json.dumps(document, indent=2, ensure_ascii=False) + "\n")
    else:
        print(_words(found))
    return 1 if found.problems else 0


def _words(found: Attested) -> str:
    name = f"{found.record.name} {found.record.version}"
    if found.problems:
        more = f"; that is the first of {len(found.problems)}, --format json has all" if len(found.problems) > 1 else ""
        return f"{name}: {found.problems[0]}{more}"
    if found.signer:
        return f"{name} is as it was compiled, signed by {found.signer}"
    signed = "; it is signed, and --signers FILE says by whom" if found.signed else ""
    return f"{name} is as it was compiled{signed}"
