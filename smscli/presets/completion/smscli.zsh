#compdef smscli
# zsh completion for smscli. It asks smscli itself, so it stays right when smscli is updated.
#
#   mkdir -p ~/.zfunc && smscli completion zsh > ~/.zfunc/_smscli
#
# and in ~/.zshrc, before compinit:  fpath+=~/.zfunc
# Or, in ~/.zshrc behind compinit:  source <(smscli completion zsh)

# A line is a value and, behind a tab, what it means; `:files .yaml .yml` asks for names of files.
_smscli() {
    local line value meaning
    local -a said values suffixes
    local -i wants_files=0
    said=("${(@f)$("${(Q)words[1]/#\~/$HOME}" __complete "${(@Q)words[2,CURRENT-1]}" "${(Q)PREFIX}" 2>/dev/null)}")
    for line in "${said[@]}"; do
        if [[ $line == :files* ]]; then
            wants_files=1
            suffixes=(${=line#:files})
        elif [[ -n $line ]]; then
            value="${line%%$'\t'*}"
            meaning="${line#$value}"
            values+=("${value//:/\\:}${meaning:+:${meaning#$'\t'}}")
        fi
    done
    (( $#values )) && _describe -V smscli values
    if (( wants_files )); then
        [[ $PREFIX == --*=* ]] && compset -P '*='
        if (( $#suffixes )); then
            _files -g "*(${(j:|:)suffixes})"
        else
            _files
        fi
    fi
}

if [[ ${funcstack[1]} == _smscli ]]; then
    _smscli "$@"
else
    compdef _smscli smscli
fi
