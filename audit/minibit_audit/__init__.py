"""The auditor of MiniBit's runs.

Written from docs/formats.md, docs/scenarios.md and docs/protocol.md alone: it shares no line with the
programs that make the runs, and uses nothing but Python's standard library and the program `zstd`.

    from minibit_audit import audit
    for report in audit(["results/flashcrowd"]):
        print(report.folder, report.findings)
"""
from .folders import audit  # noqa: F401
