#!/usr/bin/env python3
"""Turns a page of docs/ into the source of a manual page, for scdoc.

    markdown_to_scdoc.py PAGE.md NAME SECTION SUMMARY [TITLE FILE] > NAME.SECTION.scd

With TITLE, a last section of that name shows FILE as it is. So a format is described in one place.
Only what the pages of docs/ use is understood: headings, paragraphs, lists, fenced code, tables,
`code`, *emphasis*, **strong** and links; anything else ends the program with exit code 1 and the
line, so that no manual page comes out wrong in silence. A table becomes a list of terms: the first
column is the term, the others explain it.
"""
import re
import sys

INLINE = re.compile(r"(`+)(?P<code>.+?)\1|\*\*(?P<strong>.+?)\*\*|\*(?P<em>[^*\s][^*]*?)\*"
                    r"|\[(?P<link>[^\]]+)\]\([^)]+\)")
LIST_ITEM = re.compile(r"(- |\d+\. )")


def escape(text):
    return re.sub(r"([\\*_`])", r"\\\1", text)


def inline(text):
    """The text with scdoc's marks: code and strong text are bold, emphasis is underlined."""
    out, at = [], 0
    for m in INLINE.finditer(text):
        out.append(escape(text[at:m.start()]))
        at = m.end()
        if m["code"] is not None:
            out.append("*" + escape(m["code"].strip()) + "*")
        elif m["strong"]:
            out.append("*" + escape(m["strong"].replace("`", "")) + "*")
        elif m["em"]:
            out.append("_" + escape(m["em"].replace("`", "")) + "_")
        else:
            out.append(inline(m["link"]))
    return "".join(out) + escape(text[at:])


def line_start(text):
    """A paragraph's first character must not be taken for a mark."""
    return "\\" + text if text and text[0] in "#-.|[]:" else text


def cells(line):
    parts = re.split(r"(?<!\\)\|", line.strip().strip("|"))
    return [part.strip().replace("\\|", "|") for part in parts]


class Page:
    def __init__(self, lines):
        self.lines, self.at, self.out = lines, 0, []

    def peek(self):
        return self.lines[self.at] if self.at < len(self.lines) else None

    def gather(self, belongs):
        """The lines from here on for which belongs() holds."""
        start = self.at
        while self.peek() is not None and belongs(self.peek()):
            self.at += 1
        return self.lines[start:self.at]

    def fail(self, why):
        sys.exit(f"markdown_to_scdoc: line {self.at + 1}: {why}: {self.peek()!r}")

    def heading(self):
        marks, title = self.peek().split(" ", 1)
        self.at += 1
        if len(marks) > 3:
            self.fail("a heading too deep")
        if len(marks) > 1:  # the page's own title is the NAME section's business
            title = title.replace("`", "")
            # names of groups and files stay as they are written
            plain = re.fullmatch(r"[\w ,'-]+", title)
            title = escape(title.upper() if len(marks) == 2 and plain else title)
            self.out += ["#" * (len(marks) - 1) + " " + title, ""]

    def code(self):
        self.at += 1
        body = self.gather(lambda line: not line.startswith("```"))
        if self.peek() is None:
            self.fail("code without an end")
        self.at += 1
        self.out += ["```", *body, "```", ""]

    def table(self):
        rows = [cells(line) for line in self.gather(lambda line: line.startswith("|"))]
        if len(rows) < 3 or any(len(row) != len(rows[0]) for row in rows):
            self.fail("a table whose rows differ, before this")
        for term, *rest in rows[2:]:
            text = "; ".join(filter(None, (inline(cell) for cell in rest)))
            self.out += [line_start(inline(term)), "\t" + line_start(text), ""]

    def items(self):
        while self.peek() is not None and LIST_ITEM.match(self.peek()):
            mark = LIST_ITEM.match(self.peek())[1]
            first = self.peek()[len(mark):]
            self.at += 1
            more = self.gather(lambda line: line.startswith("  ") and line.strip())
            self.out.append(("- " if mark == "- " else ". ")
                            + inline(" ".join([first, *map(str.strip, more)])))
        self.out.append("")

    def paragraph(self):
        def belongs(line):
            return line.strip() and not re.match(r"```|\||#|- ", line)

        text = self.gather(belongs)
        if not text:
            self.fail("not understood")
        self.out += [line_start(inline(" ".join(map(str.strip, text)))), ""]

    def indented(self):
        body = self.gather(lambda line: line.startswith("    "))
        self.out += ["```", *(line[4:] for line in body), "```", ""]

    def convert(self):
        while self.peek() is not None:
            line = self.peek()
            if not line.strip():
                self.at += 1
            elif line.startswith("#"):
                self.heading()
            elif line.startswith("```"):
                self.code()
            elif line.startswith("    "):
                self.indented()
            elif line.startswith("|"):
                self.table()
            elif LIST_ITEM.match(line):
                self.items()
            else:
                self.paragraph()
        return self.out


def main():
    if len(sys.argv) not in (5, 7):
        sys.exit(__doc__)
    path, name, section, summary, *appendix = sys.argv[1:]
    with open(path, encoding="utf-8") as file:
        body = Page(file.read().split("\n")).convert()
    if not body or not body[0].startswith("# "):
        body = ["# DESCRIPTION", "", *body]
    print(f"{name}({section})\n\n# NAME\n\n{name} - {summary}\n")
    print("\n".join(body).rstrip())
    if appendix:
        title, path = appendix
        with open(path, encoding="utf-8") as file:
            text = file.read()
        print(f"\n# {title}\n\n```\n{text.rstrip()}\n```")


if __name__ == "__main__":
    main()
