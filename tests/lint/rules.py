"""The house rules as functions: each takes a Source and yields (line, message).

lint.py runs them over the tree; selftest.py feeds each a sample that breaks it. Only what a
compiler and clang-format cannot say is here.
"""
import re

LINE_MAX = 100
FILE_MAX = 1000
FUNCTION_MAX = 70

BANNED_IN_EVENT_PATH = re.compile(
    r"\b(rand|srand|random|srandom|drand48|lrand48|rand_r|getrandom|arc4random\w*|time|gettimeofday|"
    r"clock|clock_gettime|localtime|gmtime|g_random_\w+|g_rand_\w+|g_get_\w*time|g_timer_\w+|"
    r"g_hash_table_\w+|g_main_\w+)\s*\("
)
BANNED_TYPES_IN_EVENT_PATH = re.compile(r"\b(GRand|GHashTable\w*|GMainContext|GMainLoop)\b")
GLIB_INCLUDE = re.compile(r'^\s*#\s*include\s*[<"](glib|gio)\b')
FLOATING = re.compile(r"\b(float|double)\b")
LEFTOVER = re.compile(r"\b(TODO|FIXME|XXX)\b")
INCLUDE = re.compile(r'^\s*#\s*include\s*"([^"]+)"')
CONDITION_ON_DRIVER = re.compile(r"^\s*#\s*(if|ifdef|ifndef|elif)\b.*\bSIMULATOR\b")

# Which folders' headers a folder may not include. Analysis sees only the files that runs leave, and
# the tables of the words that stand in them (.def), never a declaration.
FORBIDDEN_INCLUDES = {
    "core": ("record", "sim", "net", "analysis", "tests"),
    "record": ("sim", "net", "analysis", "tests"),
    "sim": ("net", "analysis", "tests"),
    "net": ("sim", "analysis", "tests"),
    "analysis": ("record", "sim", "net", "core", "tests"),
}

# What any room may include: all that it is stands in the header, and nothing of it is linked.
FOR_ALL = ("core/heap.h",)

# The folders of a room, from what knows of no other up to the programs: a file may include what
# stands before its own folder, and headers right in the room, which are for all of its folders.
# Those of analysis/ itself are the commands', and stand above.
ORDER = {
    "sim": ("engine", "scenario", "output", "swarm", "files", "embed", "replay", "study", "command"),
    "net": ("io", "store", "results", "node", "tracker", "live", "program"),
    "analysis": ("data", "text", "estimates", "explain", "plots", "report", "coursework"),
}
TOP_IS_ABOVE = ("analysis",)
# The inside of a peer is its own files' alone.
INSIDES = ("core/peer/",)

# In sim/ the event path, where only integers and the project's own containers go, is this; the rest
# reads scenarios and options, writes files and prints figures.
SIM_EVENT_PATH = re.compile(
    r"sim/(engine/|swarm/|replay/|scenario/arrivals\.|output/(?!summary)|files/(?!manifest)|\w+\.[ch]$)")
# A swarm runs without a system, in memory alone: what it is made of includes C's own headers.
WITHOUT_SYSTEM = re.compile(
    r"sim/(engine|swarm|output)/|sim/scenario/(arrivals|assert)\.|sim/run\.h|record/(?!output_file|manifest)")
# Hints on memory, only where the system has them.
HINTS = "sim/engine/pages.c"
C_HEADERS = frozenset(
    f"{name}.h" for name in "assert errno inttypes limits stdalign stdarg stdbool stddef stdint stdio "
    "stdlib string".split())
SYSTEM_INCLUDE = re.compile(r"^\s*#\s*include\s*<([^>]+)>")
# What makes rows and figures in memory is held to the same.
RECORD_IN_MEMORY = re.compile(r"record/(?!output|manifest)")
# The parts of core/ that are edges by design: storage and the JSON codec.
CORE_EDGES = ("core/file/", "core/codec/")


class Source:
    """A file of the tree: its path from the root, its lines, and its lines without comments."""

    def __init__(self, path, text):
        self.path = path
        self.folder = path.split("/")[0]
        self.lines = text.split("\n")
        if self.lines and self.lines[-1] == "":
            self.lines.pop()
        self.code = blank_comments(text).split("\n")[: len(self.lines)]

    @property
    def is_header(self):
        return self.path.endswith(".h")

    @property
    def is_decision(self):
        return self.folder == "core" and not self.path.startswith(CORE_EDGES)

    @property
    def is_event_path(self):
        if self.is_decision or RECORD_IN_MEMORY.match(self.path):
            return True
        return self.folder == "sim" and bool(SIM_EVENT_PATH.match(self.path))


def blank_comments(text):
    """`text` with comments, strings and character constants emptied, every line kept."""
    pattern = re.compile(r"""//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'""", re.S)

    def empty(match):
        found = match.group(0)
        if found.startswith('"'):
            # What an #include names is looked at; any other text is not.
            start = text.rfind("\n", 0, match.start()) + 1
            return found if text[start : match.start()].lstrip().startswith("#") else '""'
        if found.startswith("'"):
            return "' '"
        return " " + "\n" * found.count("\n")

    return pattern.sub(empty, text)


def line_length(source):
    for number, line in enumerate(source.lines, 1):
        if len(line) > LINE_MAX:
            yield number, f"{len(line)} columns, at most {LINE_MAX}"


def file_length(source):
    if len(source.lines) > FILE_MAX:
        yield len(source.lines), f"{len(source.lines)} lines, at most {FILE_MAX}"


def function_length(source):
    """A function's brace stands alone in the first column, and so does the one that ends it."""
    start = None
    for number, line in enumerate(source.code, 1):
        if line.rstrip() == "{":
            start = number
        elif line.startswith("}") and start is not None:
            length = number - start + 1
            if length > FUNCTION_MAX:
                yield start, f"a function of {length} lines, at most {FUNCTION_MAX}"
            start = None


def driver_conditions(source):
    for number, line in enumerate(source.code, 1):
        if CONDITION_ON_DRIVER.search(line):
            yield number, "compiled differently for the simulator"


def is_upwards(path, included):
    """Whether a file of one of a room's folders includes what is made of it."""
    parts, target = path.split("/"), included.split("/")
    room = parts[0]
    if room not in ORDER or target[0] != room or len(parts) < 3:
        return False
    if len(target) < 3:
        return room in TOP_IS_ABOVE
    return ORDER[room].index(target[1]) > ORDER[room].index(parts[1])


def is_inside(path, included):
    """Whether a file looks into what another folder keeps to itself."""
    return any(included.startswith(f) and not path.startswith(f) and not path.startswith("tests/")
               for f in INSIDES)


def includes(source):
    """Who may include whom; and every include of the project's is written from the root."""
    forbidden = FORBIDDEN_INCLUDES.get(source.folder, ())
    for number, line in enumerate(source.code, 1):
        match = INCLUDE.match(line)
        if not match:
            continue
        target = match.group(1).split("/")[0]
        is_table = source.folder == "analysis" and match.group(1).endswith(".def")
        if target in forbidden and match.group(1) not in FOR_ALL and not is_table:
            yield number, f"{source.folder}/ includes {match.group(1)}"
        elif is_upwards(source.path, match.group(1)):
            yield number, f"{source.path} is below {match.group(1)}"
        elif is_inside(source.path, match.group(1)):
            yield number, f"{match.group(1)} is for its own folder alone"
        elif ".." in match.group(1):
            yield number, f"{match.group(1)} is not written from the root"


def floating_point(source):
    if not source.is_event_path:
        return
    for number, line in enumerate(source.code, 1):
        match = FLOATING.search(line)
        if match:
            yield number, f"{match.group(1)} where only integers go"


def banned_calls(source):
    if not source.is_event_path:
        return
    for number, line in enumerate(source.code, 1):
        match = BANNED_IN_EVENT_PATH.search(line) or BANNED_TYPES_IN_EVENT_PATH.search(line)
        if match:
            yield number, f"{match.group(1)} has no place in decisions or the event path"
        if GLIB_INCLUDE.match(source.lines[number - 1]):
            yield number, "GLib serves the edges only"


def system_headers(source):
    is_core = source.folder == "core" and source.is_decision
    if source.path == HINTS or not (is_core or WITHOUT_SYSTEM.match(source.path)):
        return
    for number, line in enumerate(source.lines, 1):
        match = SYSTEM_INCLUDE.match(line)
        if match and match.group(1) not in C_HEADERS:
            yield number, f"<{match.group(1)}> where a swarm runs without a system"


def header_guard(source):
    if not source.is_header:
        return
    code = [line.strip() for line in source.code if line.strip()]
    first = re.match(r"#ifndef (\w+_H)$", code[0]) if code else None
    if not first or len(code) < 2 or code[1] != f"#define {first.group(1)}":
        yield 1, "no include guard #ifndef NAME_H"
    elif code[-1] != "#endif":
        yield len(source.lines), "something follows the include guard"


def header_comment(source):
    if source.is_header and not (source.lines and source.lines[0].startswith("/*")):
        yield 1, "a header opens with a comment: what it is, who calls it, what it never does"


# `name == NULL`, `call(a) != NULL`; and where it is a value that is compared or chosen by.
NULL_TEST = re.compile(r"[A-Za-z_]\w*(?:(?:->|\.)\w+|\[[^\[\]]*\])*(?:\([^()]*\))? [=!]= NULL")
NULL_VALUE = re.compile(r"NULL\) [=!]=|[=!]= \([^()]*NULL|\? [^?]*NULL [?:]")
CONDITION = re.compile(r"\b(if|while|for|assert)\s*\(")


def null_tests(source):
    """A pointer is its own condition; compared with NULL it makes a value."""
    if source.folder == "tests":
        return
    for number, line in enumerate(source.code, 1):
        if CONDITION.search(line) and NULL_TEST.search(line) and not NULL_VALUE.search(line):
            yield number, "a pointer is tested as it is: `if (p)`, `if (!p)`"


def leftovers(source):
    for number, line in enumerate(source.lines, 1):
        match = LEFTOVER.search(line)
        if match:
            yield number, f"{match.group(1)} left behind"


def whitespace(source):
    for number, line in enumerate(source.lines, 1):
        if "\t" in line or line != line.rstrip():
            yield number, "a tab, a carriage return or a blank at the line's end"


RULES = (
    line_length, file_length, function_length, driver_conditions, includes, floating_point,
    banned_calls, system_headers, null_tests, header_guard, header_comment, leftovers, whitespace,
)


def check(source):
    """Every (line, rule, message) of `source`, in the order of the rules."""
    for rule in RULES:
        for number, message in rule(source):
            yield number, rule.__name__, message
