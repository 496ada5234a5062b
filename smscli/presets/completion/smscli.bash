# bash completion for smscli. It asks smscli itself, so it stays right when smscli is updated.
#
#   mkdir -p ~/.local/share/bash-completion/completions
#   smscli completion bash > ~/.local/share/bash-completion/completions/smscli
#
# Or, without the package bash-completion, in ~/.bashrc:  source <(smscli completion bash)

# A line is a value and, behind a tab, what it means; `:files .yaml .yml` asks for names of files.
_smscli() {
    local line value current="${COMP_WORDS[COMP_CWORD]}"
    COMPREPLY=()
    [[ $current == "=" ]] && current=""
    while IFS= read -r line; do
        if [[ $line == :files* ]]; then
            # shellcheck disable=SC2086
            _smscli_files "$current" ${line#:files}
            continue
        fi
        value="${line%%$'\t'*}"
        # bash breaks --option=value at the =, and wants the part behind it only.
        [[ $current != -* && $value == --*=* ]] && value="${value#*=}"
        COMPREPLY+=("$value")
    done < <("${1/#\~/$HOME}" __complete "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}

# Folders, and files with one of the suffixes. Where something is quoted, readline does it better.
_smscli_files() {
    local current="$1" name suffix
    shift
    if [[ $current == *[\'\"\\\$]* ]]; then
        compopt -o default 2>/dev/null
        return
    fi
    compopt -o filenames 2>/dev/null
    while IFS= read -r name; do
        suffix=".${name##*.}"
        if [[ $# -eq 0 || " $* " == *" $suffix "* || -d "${name/#\~/$HOME}" ]]; then
            COMPREPLY+=("$name")
        fi
    done < <(compgen -f -- "$current")
}

complete -F _smscli smscli
