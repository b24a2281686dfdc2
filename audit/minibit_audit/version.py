"""What `--version` prints; the build writes this file anew with the project's version and commit."""
TEXT = "minibit-audit, from its sources\n"
