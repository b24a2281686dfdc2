"""What an audit found: a line for each thing that is wrong, and what could not be looked at."""


class Report:
    """Of one run: its findings, each once, and the checks that its files do not allow.

    A finding is (file, line or None, what, expected, found); the figures are texts.
    """

    def __init__(self, folder):
        self.folder = folder
        self.findings, self.left_out, self.checked = [], [], {}

    def wrong(self, file, line, what, expected, found):
        self.findings.append((file, line, what, str(expected), str(found)))

    def same(self, file, line, what, expected, found):
        """A figure that must be this; None is what did not happen."""
        if expected != found:
            self.wrong(file, line, what, "nothing" if expected in (None, "") else expected,
                       "nothing" if found in (None, "") else found)

    def count(self, what, number):
        """How much was looked at: told by --verbose, so that nobody takes silence for a check."""
        self.checked[what] = self.checked.get(what, 0) + number

    def not_checked(self, what, why):
        self.left_out.append((what, why))

    def lines(self, most):
        for file, line, what, expected, found in self.findings[:most]:
            place = f"{self.folder}/{file}" + (f":{line}" if line else "")
            yield f"{place}: {what}: expected {expected}, found {found}"
        if len(self.findings) > most:
            yield f"{self.folder}: {len(self.findings) - most} findings more (--most=N shows more)"
