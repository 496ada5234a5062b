# fish completion for smscli. It asks smscli itself, so it stays right when smscli is updated.
#
#   smscli completion fish > ~/.config/fish/completions/smscli.fish

# A line is a value and, behind a tab, what it means; `:files .yaml .yml` asks for names of files.
function __smscli_complete
    set -l words (commandline --tokenize --current-process --cut-at-cursor)
    set -l current (commandline --current-token --cut-at-cursor)
    for line in ($words[1] __complete $words[2..-1] "$current" 2>/dev/null)
        if string match --quiet -- ':files*' $line
            __smscli_files "$current" (string split --no-empty ' ' -- (string replace ':files' '' -- $line))
        else
            echo $line
        end
    end
end

# Folders, and files with one of the suffixes; behind --option= as well.
function __smscli_files
    set -l option (string match --regex -- '^--[^=]+=' "$argv[1]")
    set -l suffixes $argv[2..-1]
    for line in (complete --do-complete "'' "(string replace -- "$option" '' "$argv[1]"))
        set -l name (string split \t -- $line)[1]
        if test (count $suffixes) -eq 0
            or string match --quiet -- '*/' $name
            or contains -- (string match --regex -- '\.[^./]*$' $name) $suffixes
            echo "$option$line"
        end
    end
end

complete --command smscli --no-files --keep-order --arguments '(__smscli_complete)'
