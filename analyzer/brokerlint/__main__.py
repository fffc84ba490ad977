"""``python -m brokerlint``."""

import sys
from pathlib import Path

# Python looks for modules in the current directory first, which here is often the code that is looked at.
if not sys.flags.safe_path and sys.path and sys.path[0] in ("", str(Path.cwd())):
    del sys.path[0]

from brokerlint.cli import main

if __name__ == "__main__":
    main()
