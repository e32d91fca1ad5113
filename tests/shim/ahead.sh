#!/usr/bin/env bash
# Stands in for fngate where scripts are tested: writes the arguments down (FNGATE_RECORD), and gives reports and options that
# this fngate does not know yet what it would write for them. Once it knows them all, this only records.
set -euo pipefail
real="${FNGATE_REAL:?}"
if [ -n "${FNGATE_RECORD:-}" ]; then printf '%s\n' "$@" >"$FNGATE_RECORD"; fi
[ "${1:-}" = check ] || exec "$real" "$@"
help="$("$real" check --help)"
known=" $({ "$real" check --format none none 2>&1 || true; } | tr -d ',\n' | sed 's/.*possible values: *\([^]]*\)\].*/\1/') "
passed=() later=() json=""
# A report that is not known is written after the others, if those were.
unknown() {
  case "$known" in *" ${1%%=*} "*) return 1 ;; esac
  case "${1%%=*}" in
    sarif | html | markdown | github | junit | gitlab-dependency-scanning | gitlab-secret-detection | gitlab-codequality) later+=("${1#*=}") ;;
    *) return 1 ;;
  esac
}
while [ "$#" -gt 0 ]; do
  case "$1" in
    --) passed+=("$@") && break ;;
    --report)
      case "$2" in json=*) json="${2#*=}" ;; esac
      unknown "$2" || passed+=("$1" "$2")
      shift
      ;;
    --report=*) unknown "${1#--report=}" || passed+=("$1") ;;
    --baseline=*) if grep -q -- --baseline <<<"$help"; then passed+=("$1"); fi ;;
    *) passed+=("$1") ;;
  esac
  shift
done
code=0
"$real" "${passed[@]}" || code=$?
if [ -f "$json" ]; then for file in ${later[@]+"${later[@]}"}; do echo '{}' >"$file"; done; fi
exit "$code"
