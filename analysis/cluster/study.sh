# What the scripts of this folder share; they source it. A study is named by three variables, which
# open_study sets: $study (the scenario), $out (its results folder), $program (minibit-sim), all
# absolute paths. Nothing here writes into the results folder.

set -uo pipefail

usage()
{
    sed -n '2,/^[^#]/s/^# \{0,1\}//p' "$0"
}

# fail STATUS MESSAGE: one line, then the end.
fail()
{
    printf '%s: %s\n' "${0##*/}" "$2" >&2
    exit "$1"
}

# need_value OPTION [VALUE …]: what is left of the command line begins with an option's value.
need_value()
{
    [ $# -ge 2 ] && [ -n "$2" ] || fail 2 "$1: its value is missing"
}

need_count()
{
    [[ $2 =~ ^[1-9][0-9]{0,8}$ ]] || fail 2 "$1 $2: not a whole number from 1"
}

# Names the option of the usage text that is meant, where one begins alike.
unknown_option()
{
    local near
    near=$(usage | grep -oE -- '--[a-z-]+' | grep -m 1 -- "^${1:0:5}")
    fail 2 "unknown option $1${near:+; did you mean $near?}"
}

# No links are followed, so that a path is what it is on other machines that share it.
absolute()
{
    realpath -s -m -- "$1"
}

# The program asked for; else the one that was built, or installed, beside this folder; else PATH's.
find_program()
{
    local here=$1 wanted=$2 beside
    if [ -n "$wanted" ]; then
        case $wanted in
            */*) [ -x "$wanted" ] && absolute "$wanted" ;;
            *) type -P -- "$wanted" ;;
        esac || fail 2 "--program $wanted: no such program here"
    else
        for beside in "$here/../../build/minibit-sim" "$here/../../../bin/minibit-sim"; do
            [ ! -x "$beside" ] || { realpath -- "$beside"; return; }
        done
        type -P minibit-sim || fail 2 'no minibit-sim here: build it, or name it by --program'
    fi
}

# open_study HERE STUDY DIR PROGRAM: checks what was named and sets $study, $out and $program.
open_study()
{
    [ -n "$2" ] || fail 2 'no study given; --help shows examples'
    [ -n "$3" ] || fail 2 'no results folder given: -o DIR'
    [ -f "$2" ] && [ -r "$2" ] || fail 2 "$2: not a file that can be read"
    [ ! -e "$3" ] || [ -d "$3" ] || fail 2 "$3: not a folder"
    study=$(absolute "$2")
    out=$(absolute "${3%/}")
    program=$(find_program "$1" "$4") || exit
}

# Writes the study's runs as CSV, `run,folder,…`, a line per run. What the program has against the
# study it says itself.
list_runs()
{
    "$program" "$study" -o "$out" --list-runs=csv || exit
}

# Of the listing in file $1, the lines `RUN FOLDER` of all runs.
run_folders()
{
    awk -F, 'NR == 1 && ($1 != "run" || $2 != "folder") { exit 1 }
             NR > 1 { print $1, $2 }' "$1" || fail 1 "$1: not a listing of runs"
}

# The folders of $out that hold a whole run of the sources that this program is made of: its
# manifest, which comes last, says so.
finished_folders()
{
    local sources
    [ -d "$out" ] || return 0
    sources=$("$program" --version | sed -n 's/^sources //p') || return
    find "$out" -mindepth 2 -maxdepth 2 -name manifest.json -exec awk -v sources="$sources" '
        FNR == 1 { same = 0 }
        index($0, "\"sources_sha256\": \"" sources "\"") { same = 1 }
        same && /"complete": true/ { n = split(FILENAME, part, "/"); print part[n - 1]; nextfile }
        ' {} +
}

# split_runs LISTING FINISHED UNFINISHED: writes the lines `RUN FOLDER` of the listing's runs into
# these two files.
split_runs()
{
    finished_folders | sort >"$2.folders" || fail 1 "$out: cannot be looked through"
    : >"$2" && : >"$3" && run_folders "$1" | awk -v folders="$2.folders" -v yes="$2" -v no="$3" '
        BEGIN { while ((getline folder < folders) > 0) done[folder] = 1 }
        { print > ($2 in done ? yes : no) }' || exit 1
}

# chunks SIZE: run numbers, ascending, one a line, become lists of SIZE for --run: 0..9 or 3,7..8
chunks()
{
    awk -v size="$1" '
        function piece() { return first == last ? first : first ".." last }
        function flush() { if (count) print list piece(); list = ""; count = 0 }
        {
            if (count == size) flush()
            if (count && $1 == last + 1) last = $1
            else {
                if (count) list = list piece() ","
                first = last = $1
            }
            count++
        }
        END { flush() }'
}
