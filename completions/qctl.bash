# bash completion for qctl: the candidates come from qctl itself.
_qctl() {
  local line words=("${COMP_WORDS[@]:1:COMP_CWORD}")
  COMPREPLY=()
  while IFS= read -r line; do
    COMPREPLY+=("${line%%$'\t'*}")
  done < <(qctl __complete "${words[@]}" 2>/dev/null)
}
complete -o default -F _qctl qctl
