# fish completion for qctl: the candidates come from qctl itself.
function __qctl_complete
    set -l before (commandline -opc)
    # Without its quotes, closed or not.
    set -l current (commandline -ct | string replace -r '^["\']' '' | string replace -ra '\\\\(.)' '$1')
    for line in (qctl __complete $before[2..-1] "$current" 2>/dev/null)
        if test "$line" = \tfiles
            set -l flag (string match -r '^--[^=]+=' -- $current)
            for path in (__fish_complete_path (string replace -r '^--[^=]+=' '' -- $current))
                echo "$flag$path"
            end
        else
            echo $line
        end
    end
end
complete -c qctl -f -k -a '(__qctl_complete)'
