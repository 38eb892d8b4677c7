# fish completion for qctl: the candidates come from qctl itself.
function __qctl_complete
    set -l before (commandline -opc)
    set -l current (commandline -ct)
    qctl __complete $before[2..-1] "$current" 2>/dev/null
end
complete -c qctl -f -a '(__qctl_complete)'
# Where a file is wanted, fish itself knows them.
complete -c qctl -l out-file -rF
complete -c qctl -l config -rF
