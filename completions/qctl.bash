# bash completion for qctl: the candidates come from qctl itself, fit to be inserted.
_qctl() {
  local line
  COMPREPLY=()
  while IFS= read -r line; do
    if [[ $line != $'\tfiles' ]]; then
      COMPREPLY+=("$line")
    elif ! compopt -o default 2>/dev/null; then
      # Before bash 4.
      while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen -f -- "$2")
    fi
  done < <(qctl __complete_bash "$COMP_WORDBREAKS" "${COMP_LINE:0:COMP_POINT}" 2>/dev/null)
}
complete -o nosort -F _qctl qctl 2>/dev/null || complete -F _qctl qctl
