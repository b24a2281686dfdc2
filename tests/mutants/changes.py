"""The small changes that can be made to a C file of the house: one operator, bound, constant,
condition or statement at a time.

The sources are as clang-format leaves them, and that decides what a star or an ampersand is: with
blanks on both sides it is an operator. Comments, strings, preprocessor lines and assertions are left
alone, and so are declarations.
"""
import re
from dataclasses import dataclass

TOKEN = re.compile(
    r"(?P<blank>\s+|//[^\n]*|/\*.*?\*/|(?:(?<=\n)|\A)[ \t]*\#(?:[^\n\\]|\\.|\\\n)*)"
    r"|(?P<text>\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*')"
    r"|(?P<number>(?:0[xX][0-9a-fA-F]+|\d+)[uUlL]*)"
    r"|(?P<name>[A-Za-z_]\w*)"
    r"|(?P<sign><<=|>>=|->|\+\+|--|<<|>>|<=|>=|==|!=|&&|\|\||[-+*/%&|^]=|.)",
    re.S,
)
OTHER = {
    "<": ("<=",), "<=": ("<",), ">": (">=",), ">=": (">",), "==": ("!=",), "!=": ("==",),
    "+": ("-",), "-": ("+",), "*": ("+",), "/": ("*",), "%": ("/",), "<<": (">>",), ">>": ("<<",),
    "&&": ("||",), "||": ("&&",), "&": ("|",), "|": ("&",), "^": ("|",),
    "+=": ("-=",), "-=": ("+=",), "|=": ("=",), "&=": ("|=",), "++": ("--",), "--": ("++",),
}  # fmt: skip
WORDS = {"true": "false", "false": "true", "break": "continue", "continue": "break"}
NOT_A_CALL = {"if", "while", "for", "switch", "return", "sizeof", "do", "else", "case", "assert"}
ASSIGNMENTS = {"=", "+=", "-=", "|=", "&=", "^=", "*=", "/=", "%=", "<<=", ">>=", "++", "--"}


@dataclass(frozen=True)
class Token:
    kind: str
    text: str
    start: int

    @property
    def end(self):
        return self.start + len(self.text)


@dataclass(frozen=True)
class Change:
    """In `file`, the text from `start` to `end` becomes `new`; it lies in `function`."""

    file: str
    function: str
    kind: str
    start: int
    end: int
    new: str
    key: str  # file, function and the change's text: the same wherever the lines move to

    def apply(self, text):
        return text[: self.start] + self.new + text[self.end :]


def tokens_of(text):
    """The tokens that count, in order."""
    return [
        Token(match.lastgroup, match.group(), match.start())
        for match in TOKEN.finditer(text)
        if match.lastgroup != "blank"
    ]


def closing(tokens, at):
    """The place of what closes the bracket at `at`."""
    depth = 0
    for place in range(at, len(tokens)):
        if tokens[place].text in ("(", "[", "{"):
            depth += 1
        elif tokens[place].text in (")", "]", "}"):
            depth -= 1
            if depth == 0:
                return place
    raise ValueError(f"nothing closes the bracket at character {tokens[at].start}")


def bodies(tokens):
    """(name, first, last) of every function: the tokens between its braces."""
    at = 0
    while at < len(tokens):
        if tokens[at].text == "{":
            end = closing(tokens, at)
            if at > 0 and tokens[at - 1].text == ")":
                yield name_before(tokens, at - 1), at + 1, end
            at = end
        at += 1


def name_before(tokens, close):
    """What stands before the round bracket that `close` closes."""
    depth = 0
    for place in range(close, -1, -1):
        depth += {")": 1, "(": -1}.get(tokens[place].text, 0)
        if depth == 0:
            return tokens[place - 1].text
    raise ValueError("a function without parameters")


def is_spaced(text, token):
    return text[token.start - 1].isspace() and text[token.end : token.end + 1].isspace()


def signs(text, tokens, at):
    """The changes of an operator, a constant or a word, as (kind, start, end, new)."""
    token = tokens[at]
    if token.kind == "sign" and token.text in OTHER:
        if token.text in ("++", "--") or is_spaced(text, token):
            bound = token.text in ("<", "<=", ">", ">=")
            for new in OTHER[token.text]:
                yield "bound" if bound else "operator", token.start, token.end, new
    elif token.kind == "number":
        digits = token.text.rstrip("uUlL")
        new = hex(int(digits, 16) + 1) if digits[:2] in ("0x", "0X") else str(int(digits, 10) + 1)
        yield "constant", token.start, token.end, new + token.text[len(digits) :]
    elif token.text in WORDS:
        yield "constant", token.start, token.end, WORDS[token.text]


def conditions(tokens, at):
    """An if's condition, the other way round."""
    if tokens[at].text == "if" and tokens[at + 1].text == "(":
        end = closing(tokens, at + 1)
        yield "condition", tokens[at + 1].end, tokens[end].start, None


def statement(tokens, at, last):
    """The end of the call or assignment that begins at `at`, or None."""
    token, before = tokens[at], tokens[at - 1].text
    if before == ":" and not any(t.text in ("case", "default") for t in tokens[max(at - 4, 0) : at]):
        return None  # the other half of a ?:
    if before not in (";", "{", "}", ")", "else", ":"):
        return None
    if token.text not in ("*", "++", "--") and (
        token.kind != "name" or token.text in NOT_A_CALL or tokens[at + 1].kind == "name"
    ):
        return None
    place, assigns = at, token.text in ("++", "--")
    while place < last and tokens[place].text != ";":
        if tokens[place].text in ("{", "}", ")"):
            return None  # part of a for's head, or of what is no statement of its own
        assigns |= tokens[place].text in ASSIGNMENTS
        place = closing(tokens, place) + 1 if tokens[place].text in ("(", "[") else place + 1
    is_call = tokens[at + 1].text == "(" and tokens[place - 1].text == ")"
    declares = tokens[at + 1].text == "*" and tokens[at + 2].kind == "name"
    return place if (assigns or is_call) and not declares and place < last else None


def spared(tokens, first, last):
    """The places within assertions and prefetches, which say and do nothing else."""
    inside, at = set(), first
    while at < last:
        if tokens[at].text in ("assert", "static_assert", "__builtin_prefetch", "case"):
            end = at + 1 if tokens[at].text == "case" else closing(tokens, at + 1)
            inside.update(range(at, end + 1))
            at = end
        at += 1
    return inside


def squeezed(text):
    return " ".join(text.split())


def key_of(file, function, text, start, end, new):
    """The lines that change, as they are and as they would be, apart from their blanks."""
    first = text.rfind("\n", 0, start) + 1
    last = text.find("\n", end)
    old = text[first:last]
    changed = text[first:start] + new + text[end:last]
    return f"{file} {function}: {squeezed(old)} => {squeezed(changed)}"


def changes_of(file, text):
    """Every change of the file, in the order of its text."""
    tokens = tokens_of(text)
    found = []
    for function, first, last in bodies(tokens):
        inside = spared(tokens, first, last)
        for at in range(first, last):
            if at in inside:
                continue
            spots = [*signs(text, tokens, at)]
            for kind, start, end, _ in conditions(tokens, at):
                spots.append((kind, start, end, f"!({text[start:end]})"))
            end = statement(tokens, at, last)
            if end is not None:
                lines = "\n" * text.count("\n", tokens[at].start, tokens[end].start)
                spots.append(("statement", tokens[at].start, tokens[end].start, lines))
            for kind, start, end, new in spots:
                key = key_of(file, function, text, start, end, new)
                found.append(Change(file, function, kind, start, end, new, key))
    return found
