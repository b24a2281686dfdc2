"""minibit-audit from its sources: `python3 audit DIR…` does what the built program does."""
import sys

from minibit_audit.cli import main

sys.exit(main(sys.argv[1:]))
