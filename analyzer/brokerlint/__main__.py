"""``python -m brokerlint``."""

from brokerlint.cli import main

if __name__ == "__main__":
    main()
