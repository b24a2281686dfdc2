"""Numbers as results and scenarios write them, exactly: whole nanoseconds, whole bytes, fractions."""
import re
from fractions import Fraction

SECOND = 10**9
SIZES = {"B": 1, "kB": 10**3, "MB": 10**6, "GB": 10**9, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30}
BITS = {"bit": 1, "kbit": 10**3, "Mbit": 10**6, "Gbit": 10**9, "Kibit": 2**10, "Mibit": 2**20,
        "Gibit": 2**30}
TIMES = {"ns": 1, "us": 10**3, "ms": 10**6, "s": 10**9, "min": 60 * 10**9, "h": 3600 * 10**9}
QUANTITY = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*([A-Za-z]+)(?:/s)?\Z")


class Unreadable(Exception):
    """An input that cannot be audited at all: exit status 2."""


def time_ns(text):
    """A time of a result, `12.000000000`; None where nothing happened. ValueError if written otherwise."""
    if text == "":
        return None
    if len(text) < 11 or text[-10] != "." or not (text[:-10] + text[-9:]).isdecimal():
        raise ValueError(f"not a time with 9 decimals: {text!r}")
    return int(text[:-10] + text[-9:])


def time_text(ns):
    if ns is None:
        return "nothing"
    sign = "-" if ns < 0 else ""
    return f"{sign}{abs(ns) // SECOND}.{abs(ns) % SECOND:09}"


def scaled(text, units):
    found = QUANTITY.match(text)
    if not found or found[2] not in units:
        raise Unreadable(f"not a quantity: {text!r}")
    return Fraction(found[1]) * units[found[2]]


def size(text):
    return int(scaled(text, SIZES))


def duration(text):
    return int(scaled(text, TIMES))


def rate(text):
    """Bytes per second as a fraction; None: unlimited."""
    if text == "unlimited":
        return None
    units = dict(SIZES) | {name: Fraction(bits, 8) for name, bits in BITS.items()}
    return scaled(text, units)


def half_up(fraction):
    """The nearest whole number, halves up."""
    return (2 * fraction.numerator + fraction.denominator) // (2 * fraction.denominator)


def ratio_text(fraction):
    """A share or ratio with 6 decimals; None stays None."""
    if fraction is None:
        return None
    millionths = half_up(Fraction(fraction) * 10**6)
    return f"{millionths // 10**6}.{millionths % 10**6:06}"


def nearest_rank(values, percent):
    """The percentile of sorted values: number ceil(p n / 100), from 1."""
    return values[-(-percent * len(values) // 100) - 1]
