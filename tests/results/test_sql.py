#!/usr/bin/env python3
"""test_sql.py PROGRAM: what runs left, asked in SQL; nothing but reading."""
import csv
import io
import json
import subprocess

from folders import (check, equal, good, main, peer, refused, scratch, write_run,
                     write_study)

PEERS = [peer("a-1", "12.500000000"), peer("a-2", "20.000000000"),
         peer("b-1", "", status="incomplete")]


def column(ran):
    return [row[0] for row in ran.table()[1:]]


def tables_and_types():
    run = write_run(scratch() / "r", {"peers": 3}, peers=PEERS)
    ran = good("sql", run, 'SELECT peer, download_s, "group" FROM completion ORDER BY 2 DESC',
               "--format=json")
    equal(json.loads(ran.out), [{"peer": "a-2", "download_s": 20, "group": "a"},
                                {"peer": "a-1", "download_s": 12.5, "group": "a"},
                                {"peer": "b-1", "download_s": None, "group": "b"}])
    ran = good("sql", run, "SELECT typeof(download_s), typeof(blocks), typeof(left_s), typeof(peer) "
                           "FROM completion LIMIT 1", "--format=csv")
    equal(ran.out.split("\n")[1], "real,integer,null,text")
    equal(column(good("sql", run, "SELECT count(*) FROM completion")), ["3"])
    equal(column(good("sql", run, "SELECT count(*) FROM timeline")), ["0"])


def figures_by_path():
    run = write_run(scratch() / "r", {"download_s": {"mean": 12.25, "max": None}, "done": True,
                                      "list": [1, 2], "groups": {"x.y": {"peers": 2}}})
    ran = good("sql", run, "SELECT path, value FROM summary", "--format=csv")
    rows = list(csv.reader(io.StringIO(ran.out)))
    equal(rows[1:], [["schema", "1"], ["scenario", "made"], ["download_s.mean", "12.25"],
                     ["download_s.max", ""], ["done", "1"], ["groups.x.y.peers", "2"]])
    ran = good("sql", run, 'SELECT "download_s.mean", "groups.x.y.peers" FROM figures')
    equal(ran.table()[1], ["12.25", "2"])


def parameters_of_studies():
    """Columns by parameter, numbers where all are; names that SQL would take for one another."""
    params = ["N", "n", "seed", "say \"x\"", "peers dsl.count"]
    runs = [(0, 18446744073709551615, (n, "1e3", "7", "a", 0.5 * n), {"v": n}) for n in (9, 10)]
    study = write_study(scratch() / "s", params, runs)
    schema = good("sql", study, "--schema").out
    check("    seed  TEXT\n" in schema, "seeds of two types")
    for line in ("N  INTEGER", "n_2  TEXT", "seed_2  INTEGER", 'say "x"  TEXT',
                 "peers dsl.count  REAL"):
        check(f"    {line}\n" in schema, f"no {line} in\n{schema}")
    equal(column(good("sql", study, "SELECT N FROM run ORDER BY N DESC")), ["10", "9"])
    ran = good("sql", study, 'SELECT seed, n_2, "say ""x""", "peers dsl.count", v FROM figures')
    equal(ran.table()[1], ["18446744073709551615", "1e3", "a", "4.5", "9"])
    ran = good("sql", study, "SELECT run, count(*) FROM completion GROUP BY run")
    equal(ran.table()[1:], [], "no peers, no rows")


def nothing_in_a_single_column():
    """A line without anything on it would be none to those who read CSV."""
    run = write_run(scratch() / "r")
    ran = good("sql", run, "SELECT NULL AS a UNION ALL SELECT 1", "--format=csv")
    equal(ran.out, 'a\n""\n1\n')
    equal([row["a"] for row in csv.DictReader(io.StringIO(ran.out))], ["", "1"])
    equal(good("sql", run, "SELECT NULL AS a, NULL AS b", "--format=csv").out, "a,b\n,\n")


def names_that_are_alike():
    """A group that differs from another in case is not taken for it; a parameter called `value`, and
    seeds beyond SQLite's integers, can be selected."""
    groups = {"a": {"peers": 1}, "A": {"peers": 2}, "b": {"peers": 3}}
    runs = [(0, seed, (n,), {"groups": groups}) for n, seed in ((1, 7), (2, 18446744073709551615))]
    study = write_study(scratch() / "s", ["value"], runs)
    ran = good("sql", study, 'SELECT value, "groups.a.peers_1", "groups.A.peers_2", "groups.b.peers" FROM '
               "figures ORDER BY value")
    equal(ran.table()[1:], [["1", "1", "2", "3"], ["2", "1", "2", "3"]])
    for seed in (7, 18446744073709551615):
        equal(column(good("sql", study, f"SELECT count(*) FROM run WHERE seed = '{seed}'")), ["1"])
    equal(column(good("sql", study, "SELECT DISTINCT typeof(seed) FROM run")), ["text"])


def compressed_tables():
    text = "seq,time_s,event,node,other,block,detail\n0,1.500000000,arrive,a-1,,,\n"
    packed = subprocess.run(["zstd", "-qc"], input=text.encode(), capture_output=True).stdout
    run = write_run(scratch() / "r", tables={"events.csv.zst": packed})
    equal(good("sql", run, "SELECT event, node, time_s FROM events").table()[1],
          ["arrive", "a-1", "1.5"])


def only_reading():
    folder = scratch()
    run = write_run(folder / "r", {"peers": 3}, peers=PEERS)
    before = sorted(p.name for p in folder.rglob("*"))
    for sql in ("DELETE FROM completion", "ATTACH 'x.db' AS x", "CREATE TABLE t(a)",
                "PRAGMA user_version = 3", "VACUUM INTO 'copy.db'", "DROP TABLE run",
                "INSERT INTO run(run) VALUES (7)", "BEGIN"):
        refused("sql", run, sql, words=["only SELECT"], cwd=folder)
    refused("sql", run, "SELECT load_extension('x')", words=["SQL"], cwd=folder)
    refused("sql", run, "SELECT 1; SELECT 2", words=["one statement"], cwd=folder)
    refused("sql", run, "  ", words=["no statement"], cwd=folder)
    refused("sql", run, "SELECT nowhere FROM run", words=["no such column: nowhere"], cwd=folder)
    equal(sorted(p.name for p in folder.rglob("*")), before)


def formats():
    run = write_run(scratch() / "r")
    sql = "SELECT 'a,\"b' AS \"x,y\", 1 AS n, 0.1 AS f, NULL AS z, '<b>' AS t"
    equal(good("sql", run, sql, "-f", "csv").out, '"x,y",n,f,z,t\n"a,""b",1,0.1,,<b>\n')
    equal(json.loads(good("sql", run, sql, "-f", "json").out),
          [{"x,y": 'a,"b', "n": 1, "f": 0.1, "z": None, "t": "<b>"}])
    equal(good("sql", run, sql).table()[1], ['a,"b', "1", "0.1", "", "&lt;b&gt;"])
    equal(good("sql", run, "SELECT 1 AS a WHERE 0", "-f", "json").out, "[\n]\n")


def several_folders():
    folder = scratch()
    for name in ("x", "y"):
        write_run(folder / name, {"v": 1}, peers=PEERS)
    ran = good("sql", folder / "x", folder / "y",
               "SELECT study, run, count(*) FROM completion JOIN run USING (run) GROUP BY run")
    equal(ran.table()[1:], [["x", "0", "3"], ["y", "1", "3"]])
    refused("sql", folder / "x", folder / "x", "SELECT 1", words=["given twice"])


def missing_tables():
    folder = scratch()
    run = write_run(folder / "x")
    refused("sql", run, "SELECT * FROM events", words=["no events.csv", "--events=csv"])
    refused("sql", run, "SELECT * FROM provenance", words=["no provenance.csv"])
    text = "seq,time_s,event,node,other,block,detail\n0,1.500000000,arrive,a-1,,,\n"
    write_run(folder / "y", tables={"events.csv": text})
    ran = good("sql", folder / "x", folder / "y", "SELECT run FROM events")
    equal(column(ran), ["1"])
    check("1 of 2 runs has no events.csv" in ran.err, ran.err)


def a_table_that_is_not_right():
    header = "seq,time_s,peer,block,from,from_role,started_s,bytes,via\n"
    row = "0,1.000000000,a-1,3,tracker,tracker,0.000000000,5,seed\n"
    cases = [
        ("a row cut off", header + row + row[:20], ["provenance.csv", "line 3: ", "cut off"]),
        ("a field too few", header + "0,1.0,a-1\n", ["line 2", "3 fields where the header has 9"]),
        ("no such column", header.replace("block", "brick") + row, ["no column block"]),
        ("text for a number", header + row.replace(",3,", ",three,"), ["line 2", "block", "three"]),
        ("an open quotation", header + '0,1.0,"a-1,3\n', ["line 2", "cut off"]),
        ("a NUL byte", header + "0,\0,a-1,3,,,,,\n", ["line 2", "NUL"]),
        ("nothing", "", ["empty"]),
    ]
    for name, text, words in cases:
        run = write_run(scratch() / "r", tables={"provenance.csv": text})
        refused("sql", run, "SELECT * FROM provenance", words=words)
        packed = subprocess.run(["zstd", "-qc"], input=text.encode(), capture_output=True).stdout
        run = write_run(scratch() / "r", tables={"provenance.csv.zst": packed})
        refused("sql", run, "SELECT * FROM provenance", words=words)
    run = write_run(scratch() / "r", tables={"provenance.csv": header + row})
    (run / "provenance.csv").write_text(header)
    refused("sql", run, "SELECT * FROM provenance", words=["bytes", "manifest"])
    (run / "provenance.csv").unlink()
    refused("sql", run, "SELECT * FROM provenance", words=["provenance.csv: no such file"])


def a_zstd_file_that_is_not_whole():
    text = "seq,time_s,event,node,other,block,detail\n" + "".join(
        f"{i},{i}.000000000,have,a-{i * 7919 % 1000},,{i},\n" for i in range(50000))
    packed = subprocess.run(["zstd", "-qc"], input=text.encode(), capture_output=True).stdout
    run = write_run(scratch() / "r", tables={"events.csv.zst": packed})
    equal(column(good("sql", run, "SELECT count(*) FROM events")), ["50000"])
    for size in (5, len(packed) // 2, len(packed) - 1):
        (run / "events.csv.zst").write_bytes(packed[:size])
        refused("sql", run, "SELECT count(*) FROM events", words=["events.csv.zst"])
    (run / "events.csv.zst").write_bytes(b"no zstd" + packed)
    refused("sql", run, "SELECT count(*) FROM events", words=["not a whole zstd file"])


main([
    ("tables have the columns and types of the formats", tables_and_types),
    ("figures are there by path, and as columns", figures_by_path),
    ("parameters of studies are columns", parameters_of_studies),
    ("nothing in a single column is a row all the same", nothing_in_a_single_column),
    ("names that are alike are told apart", names_that_are_alike),
    ("compressed tables are read alike", compressed_tables),
    ("statements only read", only_reading),
    ("Markdown, CSV and JSON", formats),
    ("several folders are asked together", several_folders),
    ("a table that a run does not have is named", missing_tables),
    ("a CSV file that is cut off or wrong is named with its line", a_table_that_is_not_right),
    ("a zstd file that is cut off or none is named", a_zstd_file_that_is_not_whole),
])
