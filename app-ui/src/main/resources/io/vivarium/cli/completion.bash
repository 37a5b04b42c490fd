# The word under the cursor: a verb, an option, or what stands at its place: a VM, an image, a snapshot, a file.
_viv_complete() {
  local viv=${COMP_WORDS[0]} word=${COMP_WORDS[COMP_CWORD]} verb="" verbs options places kind="" vm="" count=0 i=1 option
  _viv_verb ""
  while [ $i -lt $COMP_CWORD ]; do
    option=${COMP_WORDS[i]}
    i=$((i + 1))
    case " $verbs $options " in
    *" $option= "*) # takes a value
      [ $i -lt $COMP_CWORD ] || kind=VALUE
      i=$((i + 1))
      ;;
    *" $option=FILE "*)
      [ $i -lt $COMP_CWORD ] || kind=FILE
      i=$((i + 1))
      ;;
    *" $option "*)
      case $option in
      -*) ;;
      *)
        verb="${verb:+$verb }$option"
        _viv_verb "$verb"
        ;;
      esac
      ;;
    *)
      case $option in
      --) return ;; # a command of the guest's
      -*) ;;
      *)
        [ -n "$vm" ] || vm=$option
        count=$((count + 1))
        ;;
      esac
      ;;
    esac
  done
  if [ -z "$kind" ]; then
    case $word in
    -*)
      _viv_offer "$(printf '%s\n' $options | sed 's/=.*//')"
      return
      ;;
    esac
    _viv_offer "$(printf '%s\n' $verbs)"
    for option in $places; do
      kind=${option%...}
      case $option in *...) break ;; esac
      [ $count -gt 0 ] || break
      kind=
      count=$((count - 1))
    done
  fi
  case $kind in
  VM) _viv_offer "$("$viv" ps -a -q 2>/dev/null)" ;;
  IMAGE) _viv_offer "$("$viv" image ls -q 2>/dev/null)" ;;
  SNAPSHOT) _viv_offer "$("$viv" snapshot ls -q "$vm" 2>/dev/null)" ;;
  SHELL) _viv_offer "bash
zsh" ;;
  FILE)
    compopt -o filenames 2>/dev/null
    _viv_offer "$(compgen -f -- "$word")"
    ;;
  esac
}

_viv_offer() { # LINES: those that begin as the word does
  local line
  while IFS= read -r line; do
    case $line in
    "") ;;
    "$word"*) COMPREPLY+=("$line") ;;
    esac
  done <<END
$1
END
}

complete -F _viv_complete viv
