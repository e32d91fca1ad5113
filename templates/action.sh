#!/usr/bin/env bash
# What the GitHub Action runs. All inputs come from the environment; nothing is written into the workspace.
set -euo pipefail
unset BASH_ENV ENV

work="${RUNNER_TEMP:-$(mktemp -d)}/fngate"
mkdir -p "$work"
json="$work/report.json"
rm -f "$json"

# Outputs are set before the gate can fail, so that later steps find the report whatever the verdict.
output() { printf '%s=%s\n' "$1" "$2" >>"${GITHUB_OUTPUT:-/dev/null}"; }
fail() {
  printf '::error title=fngate::%s\n' "$1"
  output outcome incomplete
  output exit-code 2
  output denied 0
  exit 2
}
output json "$json"

# An artifact's names are an attacker's text. None of them may speak to the runner.
token="fngate-$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')"

binary="${FNGATE_BINARY:-}"
if [ -z "$binary" ]; then
  command -v cargo >/dev/null || fail "neither the input 'binary' is set nor is cargo there to build fngate"
  cargo build --release --locked --quiet --manifest-path "${GITHUB_ACTION_PATH:?}/Cargo.toml" --target-dir "$work/target" ||
    fail "fngate could not be built"
  binary="$work/target/release/fngate"
fi
[ -x "$binary" ] || fail "the fngate binary cannot be run"

shopt -s nullglob globstar
arguments=()
artifacts=0
while IFS= read -r line; do
  line="${line#"${line%%[![:space:]]*}"}"
  line="${line%"${line##*[![:space:]]}"}"
  [ -n "$line" ] || continue
  # Unquoted on purpose: a line is a glob. IFS is empty, so spaces in it split nothing.
  # shellcheck disable=SC2206
  IFS='' matches=($line)
  found=0
  for match in ${matches[@]+"${matches[@]}"}; do
    if [ -e "$match" ]; then
      # A file's own name is no word to fngate: `@x` would be a list of other artifacts, judged in its place, and `-` stdin.
      case "$match" in @* | -* | oci:*) match="./$match" ;; esac
      arguments+=("$match")
      found=1
      artifacts=$((artifacts + 1))
    fi
  done
  [ "$found" = 1 ] || fail "a line of the input 'artifacts' matches nothing"
done <<<"${FNGATE_ARTIFACTS:-}"
[ "$artifacts" -gt 0 ] || fail "the input 'artifacts' names nothing"

options=(--report "json=$json" --color never)
[ -z "${FNGATE_CONFIG:-}" ] || options+=("--config=$FNGATE_CONFIG")
[ -z "${FNGATE_ADVISORIES:-}" ] || options+=("--db=$FNGATE_ADVISORIES")
each() {
  local option="$1" line
  while IFS= read -r line; do
    line="${line#"${line%%[![:space:]]*}"}"
    line="${line%"${line##*[![:space:]]}"}"
    [ -z "$line" ] || options+=("$option=$line")
  done <<<"$2"
}
each --policy "${FNGATE_POLICY:-}"
each --bundle "${FNGATE_BUNDLES:-}"

printf '::stop-commands::%s\n' "$token"
code=0
"$binary" check "${options[@]}" -- "${arguments[@]}" || code=$?
printf '\n::%s::\n' "$token"

case "$code" in
  0) outcome=pass ;;
  1) outcome=deny ;;
  *) outcome=incomplete code=2 ;;
esac
denied=0
if [ -f "$json" ]; then
  # One outcome an artifact, and one for the whole run, which is deny as soon as one of them is. No match is no failure.
  denied="$({ grep -o '"outcome": *"deny"' "$json" || true; } | wc -l)"
  denied=$((denied > 0 ? denied - 1 : 0))
fi
output exit-code "$code"
output denied "$denied"
if [ "${FNGATE_ENFORCE:-}" = false ]; then
  output outcome "$outcome (NOT ENFORCED)"
  printf '::warning title=fngate::NOT ENFORCED: the verdict is %s\n' "$outcome"
  exit 0
fi
output outcome "$outcome"
exit "$code"
