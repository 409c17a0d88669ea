"""`python -m nb2pipe` is the command `nb2pipe`."""

from nb2pipe.cli.main import main

raise SystemExit(main())
