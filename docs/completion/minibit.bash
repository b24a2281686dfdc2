# bash completion for MiniBit's programs: options, their values, subcommands, keys of scenarios.
#
# Everything is read from what the programs themselves say (--help, --help-keys, --list-strategies) and
# from the results that the command line names, so that nothing has to be kept in step here. bash-completion loads this file by a program's name; without it:
#
#     source minibit.bash

# Lines of `PROGRAM [SUBCOMMAND] --help`.
_minibit_help() {
    "$@" --help 2>/dev/null
}

# --name or --name= of each option in a help text on standard input.
_minibit_options() {
    grep -oE -- '(^|[ ,])--[a-z][a-z0-9-]*=?' | tr -d ' ,' | sort -u
}

# What may stand behind the option $1, from a help text on standard input: the words of a|b|c, or the
# name of what is wanted (FILE, DIR, ...).
_minibit_value() {
    sed -nE "s/^.*[ ,]?$1=([^ ]+).*$/\1/p" | head -n 1
}

# GROUP.KEY= of every key of a scenario, from the minibit-sim that is beside $1, or on the path.
_minibit_keys() {
    local sim=minibit-sim
    [[ $1 != */* ]] || sim=${1%/*}/minibit-sim
    "$sim" --help-keys 2>/dev/null | awk '
        /^\[/ { group = $0; sub(/^\[/, "", group); sub(/\].*/, "", group); next }
        /^The keys of \[protocol\]/ { group = "protocol"; next }
        group ~ /^[a-z]+$/ && /^(\* |  )[a-z_]+ / {
            sub(/^(\* |  )/, "")
            print group "." $1 "="
        }'
}

# The values that the key $2 (GROUP.KEY) may have by name, from the minibit-sim that is beside $1.
_minibit_key_values() {
    local sim=minibit-sim group=${2%.*} key=${2##*.}
    [[ $1 != */* ]] || sim=${1%/*}/minibit-sim
    case $group.$key in
        protocol.selection | peers\ *.selection) _minibit_strategies "$sim" selection ;;
        protocol.choke | peers\ *.choke) _minibit_strategies "$sim" choke ;;
        *) "$sim" --help-keys 2>/dev/null | _minibit_named_values "${group%% *}" "$key" ;;
    esac
}

# The rows of `--list-strategies` under the heading that $2 is named in.
_minibit_strategies() {
    "$1" --list-strategies 2>/dev/null | awk -v kind="$2" '
        /^[^ ]/ { on = index($0, kind) > 0; next }
        on && /^  [a-z]/ { print $1 }'
}

# Of `--help-keys` on standard input, the alternatives of the key $2 in the group $1 that are one word.
# A group of peers has keys of its own, and those of [protocol].
_minibit_named_values() {
    awk -v wanted="$1" -v key="$2" '
        /^\[/ { group = $0; sub(/^\[/, "", group); sub(/[] ].*/, "", group) }
        /^The keys of \[protocol\]/ { group = "protocol" }
        /^(\* |  )[a-z_]+ / {
            line = $0
            sub(/^(\* |  )/, "", line)
            sub(/ .*/, "", line)
            on = line == key && (group == wanted || (group == "protocol" && wanted == "peers"))
            next
        }
        on && / \| / {
            sub(/[;(].*/, "")
            count = split($0, part, / *\| */)
            for (i = 1; i <= count; i++) {
                gsub(/^ +| +$/, "", part[i])
                if (part[i] ~ /^[a-z][a-z-]*$/) print part[i]
            }
            on = 0
        }'
}

# The folders of results that the command line names, those of a study's runs after the study's own.
_minibit_folders() {
    local word
    for word in "${COMP_WORDS[@]:2}"; do
        word=${word//\\/} word=${word#[\"\']} word=${word%[\"\']} # as it was meant: names have blanks
        [ -d "$word" ] || continue
        printf '%s\n' "$word"
        find "$word" -mindepth 2 -maxdepth 2 -name manifest.json -printf '%h\n' 2>/dev/null
    done
}

# The first file called $1 in these folders, on standard output.
_minibit_first() {
    local folder
    while IFS= read -r folder; do
        [ ! -f "$folder/$1" ] || { cat -- "$folder/$1"; return; }
    done < <(_minibit_folders)
}

# The paths of the figures in a summary.json: one figure or the brace of an object in a line.
_minibit_figures() {
    sed -nE 's/^( *)"([^"]+)": (\{|[-0-9n]).*$/\1\t\2\t\3/p' | awk -F '\t' '
        {
            depth = length($1) / 2
            path[depth] = (depth > 1 ? path[depth - 1] "." : "") $2
            if ($3 != "{") print path[depth]
        }'
}

# What the results that are named know for the option $1 of minibit-results.
_minibit_from_results() {
    case $1 in
        --metric) _minibit_first summary.json | _minibit_figures; echo download_s.restricted_mean ;;
        --by) _minibit_first index.csv | head -n 1 | tr ',' '\n' | grep -vxE 'folder|run|path' ;;
        --against) _minibit_first index.csv | head -n 1 | tr ',' '\n' | sed '1,4d; s/$/=/' ;;
        [!-]*) _minibit_first index.csv | awk -F , -v key="$1" '
            NR == 1 { for (i = 5; i <= NF; i++) if ($i == key) column = i; next }
            column && !seen[$column]++ { print $column }' ;;
        --peer) _minibit_first completion.csv | sed '1d; s/,.*//' ;;
    esac
}

# The names that a help text on standard input lists: kinds under `Kinds`, formats at the option.
_minibit_listed() {
    case $1 in
        --kind) awk '/^Kinds/ { on = 1; next } on && NF == 0 { exit } on && /^  / { print $1 }' ;;
        --format) sed -nE 's/^.*--format=[^ ]+ +(.*)$/\1/p' | sed -E 's/ \(default\)//; s/,| or /\n/g' |
            sed -nE 's/^ *([a-z]+) *$/\1/p' ;;
    esac
}

# Offers the lines of standard input that begin with $1. Of a list with commas the last item is
# completed; a name may hold blanks.
_minibit_offer() {
    local word=$1 before='' line
    [[ $word != *,* ]] || { before=${word%,*}, word=${word##*,}; }
    while IFS= read -r line; do
        [ -z "$line" ] || [[ $line != "$word"* ]] || COMPREPLY+=("$before$line")
    done
    [ ${#COMPREPLY[@]} = 0 ] || compopt -o filenames 2>/dev/null # quotes what has blanks
}

_minibit_results_commands() {
    _minibit_help "$1" | sed -nE '/^Commands:/,/^$/s/^  ([a-z-]+) .*$/\1/p'
}

_minibit() {
    local program=$1 word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
    local option='' command=() help value
    COMPREPLY=()

    # bash cuts words at `=`: --check=off comes as three of them
    if [ "$word" = = ]; then
        option=$before word=''
    elif [ "$before" = = ] && [ "$COMP_CWORD" -gt 2 ]; then
        option=${COMP_WORDS[COMP_CWORD - 2]}
    elif [[ $before == -* && $word != -* ]]; then
        option=$before
    fi

    # as it is meant: bash quotes again what it puts in place
    word=${word#[\"\']} word=${word//\\/}

    command=("$program")
    if [[ ${program##*/} == minibit-results ]]; then
        if [ "$COMP_CWORD" = 1 ] && [[ $word != -* ]]; then
            mapfile -t COMPREPLY < <(compgen -W "$(_minibit_results_commands "$program")" -- "$word")
            return
        fi
        [[ ${COMP_WORDS[1]} == -* ]] || command+=("${COMP_WORDS[1]}")
    fi
    help=$(_minibit_help "${command[@]}")

    if [[ $word == -* && -z $option ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$(_minibit_options <<<"$help")" -- "$word")
        [[ ${COMPREPLY[0]-} != *= ]] || compopt -o nospace 2>/dev/null
        return
    fi

    # a short option's value is that of its long name
    [[ $option != -[a-zA-Z] ]] || option=$(sed -nE "s/^ *$option, (--[a-z-]+)=.*/\1/p" <<<"$help")
    if [[ $option == *.* && $option != -* && ${program##*/} != minibit-results ]]; then
        _minibit_offer "$word" < <(_minibit_key_values "$program" "${option//[\"\'\\]/}")
        return
    fi
    if [[ ${program##*/} == minibit-results ]]; then
        _minibit_offer "$word" < <(_minibit_from_results "$option"; _minibit_listed "$option" <<<"$help")
        [[ ${COMPREPLY[0]-} != *= ]] || compopt -o nospace +o filenames 2>/dev/null
        [ ${#COMPREPLY[@]} = 0 ] || return
    fi
    value=''
    [ -z "$option" ] || value=$(_minibit_value "$option" <<<"$help")
    case ${value,,} in
        group.key=value | protocol.key=value)
            mapfile -t COMPREPLY < <(compgen -W "$(_minibit_keys "$program" |
                { [[ ${value,,} == group* ]] && cat || grep ^protocol; })" -- "$word")
            compopt -o nospace 2>/dev/null ;;
        *'|'*) mapfile -t COMPREPLY < <(compgen -W "${value//|/ }" -- "$word") ;;
        dir) mapfile -t COMPREPLY < <(compgen -d -- "$word"); compopt -o filenames 2>/dev/null ;;
        '' | file*)
            if [ -n "$value" ] || [[ ${program##*/} != minibit-sim && ${program##*/} != minibit-live ]]
            then
                mapfile -t COMPREPLY < <(compgen -f -- "$word")
            else # a scenario, or a folder on the way to one
                mapfile -t COMPREPLY < <(compgen -f -X '!*.ini' -- "$word"; compgen -d -- "$word")
            fi
            compopt -o filenames 2>/dev/null ;;
    esac
}

complete -F _minibit minibit-sim minibit-tracker minibit-peer minibit-live minibit-results minibit-fuzz minibit-audit
