"""Reading the files of a run: tables row by row, compressed or not, and digests."""
import csv
import hashlib
import os
import subprocess

from .numbers import Unreadable

CHUNK = 1 << 20


class Stream:
    """The bytes of a file before compression; `with` closes it and looks at zstd's exit status."""

    def __init__(self, path):
        self.path, self.process = path, None

    def __enter__(self):
        try:
            if not self.path.endswith(".zst"):
                self.file = open(self.path, "rb")
                return self.file
            self.process = subprocess.Popen(["zstd", "-dcq", "--", self.path], stdout=subprocess.PIPE,
                                            stderr=subprocess.DEVNULL)
        except FileNotFoundError as error:
            raise Unreadable(f"{error.filename}: {error.strerror}") from None
        except OSError as error:
            raise Unreadable(f"{self.path}: {error.strerror}") from None
        self.file = self.process.stdout
        return self.file

    def __exit__(self, kind, *_):
        if self.process:
            rest = self.file.read(1) if kind is None else b""
            self.file.close()
            if self.process.wait() != 0 and kind is None and not rest:
                raise Unreadable(f"{self.path}: zstd cannot read it")
        else:
            self.file.close()


def existing(folder, name):
    """The path of a table, plain or compressed; None if there is neither."""
    for path in (os.path.join(folder, name), os.path.join(folder, name + ".zst")):
        if os.path.exists(path):
            return path
    return None


def digest(path):
    """(bytes, SHA-256) of a file before compression."""
    total, state = 0, hashlib.sha256()
    with Stream(path) as file:
        while chunk := file.read(CHUNK):
            total += len(chunk)
            state.update(chunk)
    return total, state.hexdigest()


def rows(report, path, columns):
    """(line number, list of fields) of each row; a header or a row of another form is a finding."""
    name = os.path.basename(path)
    with Stream(path) as file:
        lines = (line.decode("utf-8") for line in file)
        reader = csv.reader(lines, strict=True)
        try:
            header = next(reader, [])
            if header != columns:
                report.wrong(name, 1, "columns", ",".join(columns), ",".join(header))
                return
            width = len(columns)
            for fields in reader:
                if len(fields) != width:
                    report.wrong(name, reader.line_num, "number of fields", width, len(fields))
                    continue
                yield reader.line_num, fields
        except (csv.Error, UnicodeDecodeError) as error:
            report.wrong(name, None, "cannot be read", "CSV in UTF-8", error)
