# bash completion for MiniBit's programs: options, their values, subcommands, keys of scenarios.
#
# Everything is read from what the programs themselves say (--help, --help-keys), so that nothing has
# to be kept in step here. bash-completion loads this file by a program's name; without it:
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

_minibit_results_commands() {
    _minibit_help "$1" | sed -nE '/^Commands:/,/^$/s/^  ([a-z]+) .*$/\1/p'
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

complete -F _minibit minibit-sim minibit-tracker minibit-peer minibit-live minibit-results
