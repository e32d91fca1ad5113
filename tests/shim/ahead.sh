#!/usr/bin/env bash
# Stands in for fngate where scripts are tested: writes the arguments down (FNGATE_RECORD), and gives reports and options that
# this fngate does not know yet what it would write for them. Once it knows them all, this only records.
set -euo pipefail
real="${FNGATE_REAL:?}"
if [ -n "${FNGATE_RECORD:-}" ]; then printf '%s\n' "$@" >"$FNGATE_RECORD"; fi
[ "${1:-}" = check ] || exec "$real" "$@"
help="$("$real" check --help)"
known=" $({ "$real" check --format none none 2>&1 || true; } | tr -d ',\n' | sed 's/.*possible values: *\([^]]*\)\].*/\1/') "
passed=()
placeholder() {
  case "$known" in *" ${1%%=*} "*) return 1 ;; esac
  case "${1%%=*}" in
    sarif | html | markdown | github | junit | gitlab-dependency-scanning | gitlab-secret-detection | gitlab-codequality)
      printf '%s' "${FNGATE_PLACEHOLDER:-{\}}" >"${1#*=}"
      ;;
    *) return 1 ;;
  esac
}
while [ "$#" -gt 0 ]; do
  case "$1" in
    --) passed+=("$@") && break ;;
    --report) placeholder "$2" || passed+=("$1" "$2") && shift ;;
    --report=*) placeholder "${1#--report=}" || passed+=("$1") ;;
    --baseline=*) if grep -q -- --baseline <<<"$help"; then passed+=("$1"); fi ;;
    *) passed+=("$1") ;;
  esac
  shift
done
exec "$real" "${passed[@]}"
