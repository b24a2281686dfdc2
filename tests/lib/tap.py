"""Runs a program's unittest cases and prints TAP: a line for each, and how to run alone what failed.

A test calls arguments(n) for what the test runner gives it before unittest's own arguments, and ends
in main(). Names of cases may follow on the command line: `test_x.py PROGRAM Case.test_name`.
"""
import os
import sys
import unittest

COMMAND = sys.argv[:]


def arguments(count):
    """Takes the first `count` arguments, paths, off the command line, before unittest looks at it."""
    taken = tuple(os.path.abspath(path) for path in sys.argv[1 : 1 + count])
    del sys.argv[1 : 1 + count]
    return taken


class TapResult(unittest.TestResult):
    """A line of TAP for each test; what failed says last how to run it alone."""

    def __init__(self, command):
        super().__init__()
        self.command, self.number = command, 0

    def startTest(self, test):
        super().startTest(test)
        self.number += 1
        self.before, self.skip = (len(self.failures), len(self.errors)), ""

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self.skip = f" # SKIP {reason}"

    def addSubTest(self, test, subtest, error):
        super().addSubTest(test, subtest, error)
        if error:
            self.note(f"in {subtest}")

    def note(self, text):
        for line in text.rstrip().splitlines():
            print("#", line)

    def stopTest(self, test):
        super().stopTest(test)
        name = test.id().removeprefix("__main__.")
        failed = self.failures[self.before[0] :] + self.errors[self.before[1] :]
        print(f"{'not ok' if failed else 'ok'} {self.number} - {name}{self.skip}")
        if failed:
            for _, text in failed[:5]:
                self.note(text)
            print(f"# again: {self.command} {name}")
        sys.stdout.flush()


def main():
    """Runs the cases that the rest of the command line names, or all of the program's."""
    module, names = sys.modules["__main__"], sys.argv[1:]
    loader = unittest.defaultTestLoader
    tests = (loader.loadTestsFromNames(names, module) if names
             else loader.loadTestsFromModule(module))
    before = COMMAND[1 : len(COMMAND) - len(names)]
    result = TapResult(" ".join(["python3", os.path.relpath(module.__file__), *before]))
    print(f"1..{tests.countTestCases()}", flush=True)
    tests.run(result)
    sys.exit(0 if result.wasSuccessful() else 1)
