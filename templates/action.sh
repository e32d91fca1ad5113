#!/usr/bin/env bash
# What the GitHub Action runs. All inputs come from the environment; nothing is written into the workspace, nothing to
# GITHUB_ENV, and no token is needed.
set -euo pipefail
unset BASH_ENV ENV CDPATH

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
shared="${RUNNER_TEMP:-${TMPDIR:-/tmp}}/fngate"
# Where nothing can be written nothing was judged; 1 would say that something was denied.
mkdir -p "$shared" || exit 2
# A folder for each call: a second one in the same job does not take the first one's reports away.
work="$(mktemp -d "$shared/run.XXXXXX")" || exit 2
json="$work/report.json" sarif="$work/report.sarif" html="$work/report.html" sbom="$work/sbom.cdx.json"
markdown="$work/summary.md" annotations="$work/annotations.txt"

output() { printf '%s=%s\n' "$1" "$2" >>"${GITHUB_OUTPUT:-/dev/null}" || exit 2; }
summary() { cat >>"${GITHUB_STEP_SUMMARY:-/dev/null}" || exit 2; }
# Outputs are set before the gate can fail, so that later steps find the reports whatever the verdict; and a job that is
# stopped before there is one was not judged.
output json "$json"
output sarif "$sarif"
output html "$html"
output sbom "$sbom"
output outcome incomplete
output exit-code 2
output denied 0

unenforced=""
note() {
  [ -z "$unenforced" ] || printf '> **NOT ENFORCED**: the verdict is %s, and the job stays green all the same.\n\n' "$1" | summary
}
# Ends without a verdict. `fail` is forgiven where nothing is enforced; `refuse` never is: that binary is not ours.
refuse() {
  printf '::error title=fngate::%s\n' "$1"
  printf '**fngate could not judge**: %s\n' "$1" | summary
  exit 2
}
fail() {
  [ -n "$unenforced" ] || refuse "$1"
  output outcome 'incomplete (NOT ENFORCED)'
  printf '::warning title=fngate::NOT ENFORCED: %s\n' "$1"
  note incomplete
  printf '**fngate could not judge**: %s\n' "$1" | summary
  exit 0
}
case "${FNGATE_ENFORCE:-}" in
  false) unenforced=yes ;;
  "" | true) ;;
  *) refuse "the input 'enforce' is neither true nor false" ;;
esac

trimmed() {
  line="${1#"${1%%[![:space:]]*}"}"
  line="${line%"${line##*[![:space:]]}"}"
}
digest() { if command -v sha256sum >/dev/null; then sha256sum <"$1"; else shasum -a 256 <"$1"; fi | cut -d ' ' -f 1; }
# fetch URL SHA256 FILE: what is there already, from a cache too, is hashed again; what does not have the digest is not kept.
fetch() {
  local url="$1" wanted="$2" file="$3" schemes="=https"
  if [ -f "$file" ] && [ "$(digest "$file")" = "$wanted" ]; then return 0; fi
  rm -rf "$file"
  case "$url" in https://*) ;; http://*) schemes="=http,https" ;; *) return 3 ;; esac
  curl --disable --fail --silent --show-error --location --proto "$schemes" --retry 3 --connect-timeout 30 --max-time 900 \
    --output "$file.part" -- "$url" || return 3
  if [ "$(digest "$file.part")" != "$wanted" ]; then
    rm -f "$file.part"
    return 4
  fi
  mv "$file.part" "$file"
}

target() {
  case "$(uname -s)/$(uname -m)" in
    Linux/x86_64) echo x86_64-unknown-linux-musl ;;
    Linux/aarch64 | Linux/arm64) echo aarch64-unknown-linux-musl ;;
    Darwin/x86_64) echo x86_64-apple-darwin ;;
    Darwin/arm64) echo aarch64-apple-darwin ;;
    MINGW*/* | MSYS*/* | CYGWIN*/*) echo x86_64-pc-windows-msvc ;;
    *) echo none ;;
  esac
}
# The digest of a release, of the table's one line about it; two lines that disagree are none.
listed() {
  awk -v version="$1" -v target="$2" '$1 == version && $2 == target && NF == 3 { found += 1; digest = $3 }
    END { if (found == 1 && length(digest) == 64 && digest !~ /[^0-9a-f]/) print digest }' "$here/digests.txt"
}
released() {
  local version="$1" wanted="$2" name code=0
  name="fngate-$version-$(target)"
  fetch "${FNGATE_RELEASES_URL:-https://github.com/fngate/fngate/releases/download}/fngate-v$version/$name.tar.gz" "$wanted" \
    "$shared/$name.tar.gz" || code=$?
  case "$code" in
    0) ;;
    4) refuse "the download of fngate $version is not the file that this action's table names" ;;
    *) fail "fngate $version could not be downloaded" ;;
  esac
  binary="$work/fngate"
  [ "$(target)" != x86_64-pc-windows-msvc ] || binary="$work/fngate.exe"
  # The one member that is wanted, by its name: nothing else of the archive reaches the disk.
  tar -xzOf "$shared/$name.tar.gz" "$name/${binary##*/}" >"$binary" || fail "the archive of fngate $version cannot be unpacked"
  chmod 755 "$binary"
}

binary="${FNGATE_BINARY:-}"
if [ -z "$binary" ] && [ -n "${FNGATE_VERSION:-}" ]; then
  # It becomes part of a URL: digits and dots, nothing else.
  [[ "$FNGATE_VERSION" =~ ^(0|[1-9][0-9]{0,5})\.(0|[1-9][0-9]{0,5})\.(0|[1-9][0-9]{0,5})$ ]] ||
    refuse "the input 'version' is not a version such as 1.2.3"
  wanted="$(listed "$FNGATE_VERSION" "$(target)")"
  [ -n "$wanted" ] || refuse "this action knows no digest of fngate $FNGATE_VERSION for this platform, and runs nothing it does not know"
  released "$FNGATE_VERSION" "$wanted"
elif [ -z "$binary" ]; then
  own="$(awk -F '"' '/^version = "[0-9.]+"$/ { print $2; exit }' "$here/../Cargo.toml")"
  wanted="$(listed "$own" "$(target)")"
  if [ -n "$wanted" ]; then
    released "$own" "$wanted"
  else
    command -v cargo >/dev/null || fail "there is no release of this action's version, and no cargo to build its source with"
    cargo build --release --locked --quiet --manifest-path "$here/../Cargo.toml" --target-dir "$shared/target" ||
      fail "fngate could not be built"
    binary="$shared/target/release/fngate"
    [ -x "$binary" ] || binary="$binary.exe"
  fi
fi
# A name without a folder is a file of the working directory, not something on PATH.
case "$binary" in /* | ?:[\\/]*) ;; *) binary="$PWD/$binary" ;; esac
[ -x "$binary" ] && [ ! -d "$binary" ] || fail "the fngate binary cannot be run"

shopt -s nullglob dotglob # a name that begins with a dot is an artifact like any other
deep=yes
shopt -s globstar 2>/dev/null || deep="" # the bash of macOS is older
arguments=()
number=0
while IFS= read -r line; do
  number=$((number + 1))
  trimmed "$line"
  [ -n "$line" ] || continue
  # Said by the workflow, this is an image; found by a glob, a file of that name.
  case "$line" in oci:*) arguments+=("$line") && continue ;; esac
  case "$line" in *'**'*) [ -n "$deep" ] || fail "line $number of the input 'artifacts' has a \`**\`, which this bash does not know" ;; esac
  # Unquoted on purpose: a line is a glob. IFS is empty, so spaces in it split nothing.
  # shellcheck disable=SC2206
  IFS='' matches=($line)
  found=0
  for match in ${matches[@]+"${matches[@]}"}; do
    if [ -L "$match" ] && [ ! -e "$match" ]; then fail "line $number of the input 'artifacts' matches a link to nothing"; fi
    if [ -e "$match" ]; then
      # A file's own name is no word to fngate: `@x` would be a list of other artifacts, judged in its place, and `-` stdin.
      case "$match" in @* | -* | oci:*) match="./$match" ;; esac
      arguments+=("$match")
      found=1
    fi
  done
  [ "$found" = 1 ] || fail "line $number of the input 'artifacts' matches nothing"
done <<<"${FNGATE_ARTIFACTS:-}"
[ "${#arguments[@]}" -gt 0 ] || fail "the input 'artifacts' names nothing"

options=(--report "json=$json" --report "sarif=$sarif" --report "html=$html" --report "cyclonedx=$sbom"
  --report "markdown=$markdown" --report "github=$annotations" --color never)
one() { [ -z "$2" ] || options+=("$1=$2"); }
each() {
  local line
  while IFS= read -r line; do
    trimmed "$line"
    [ -z "$line" ] || options+=("$1=$line")
  done <<<"$2"
}
beside() {
  case "$1" in
    spdx) echo sbom.spdx.json ;;
    junit) echo junit.xml ;;
    gitlab-codequality) echo gl-code-quality-report.json ;;
    gitlab-*) echo "gl-${1#gitlab-}-report.json" ;;
    *) echo "$1.txt" ;;
  esac
}
db="${FNGATE_ADVISORIES:-}"
if [[ "$db" =~ ^(https?://.+)@sha256:([0-9a-f]{64})$ ]]; then
  code=0
  fetch "${BASH_REMATCH[1]}" "${BASH_REMATCH[2]}" "$shared/advisories-${BASH_REMATCH[2]}.db" || code=$?
  case "$code" in
    0) db="$shared/advisories-${BASH_REMATCH[2]}.db" ;;
    4) fail "the database at the URL of the input 'db' does not have the digest that is given" ;;
    *) fail "the database at the URL of the input 'db' could not be downloaded" ;;
  esac
elif [[ "$db" == http://* || "$db" == https://* ]]; then
  fail "a URL in the input 'db' ends in @sha256: and the digest, 64 small hexadecimal digits"
fi
one --config "${FNGATE_CONFIG:-}"
one --db "$db"
one --kev "${FNGATE_KEV:-}"
one --epss "${FNGATE_EPSS:-}"
one --baseline "${FNGATE_BASELINE:-}"
each --policy "${FNGATE_POLICY:-}"
each --vex "${FNGATE_VEX:-}"
each --lock "${FNGATE_LOCK:-}"
each --modules "${FNGATE_MODULES:-}"
each --layer "${FNGATE_LAYERS:-}"
each --bundle "${FNGATE_BUNDLES:-}"
while IFS= read -r line; do
  trimmed "$line"
  case "$line" in
    "" | json | sarif | html | cyclonedx | markdown) ;; # always there
    *=*) options+=("--report=$line") ;;
    *[!a-z0-9-]*) fail "a line of the input 'reports' is neither NAME nor NAME=PATH" ;;
    *) options+=("--report=$line=$work/$(beside "$line")") ;;
  esac
done <<<"${FNGATE_REPORTS:-}"

# An artifact's names are an attacker's text. None of them may speak to the runner.
token="fngate-$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')"
printf '::stop-commands::%s\n' "$token"
code=0
"$binary" check "${options[@]}" -- "${arguments[@]}" 2>&1 || code=$?
printf '\n::%s::\n' "$token"

case "$code" in
  0) outcome=pass ;;
  1) outcome=deny ;;
  *) outcome=incomplete code=2 ;;
esac
# A program that ends well and leaves no report was not fngate.
if [ "$outcome" = pass ] && ! grep -q '^  "outcome": "pass",$' "$json" 2>/dev/null; then outcome=incomplete code=2; fi
denied=0
if [ -f "$json" ]; then
  # One outcome an artifact, and one for the whole run, which is deny as soon as one of them is. No match is no failure.
  denied="$({ grep -o '"outcome": *"deny"' "$json" || true; } | wc -l | tr -d ' ')"
  denied=$((denied > 0 ? denied - 1 : 0))
fi
output exit-code "$code"
output denied "$denied"

# Before the others: the runner keeps ten of a kind.
[ -z "$unenforced" ] || printf '::warning title=fngate::NOT ENFORCED: the verdict is %s\n' "$outcome"
# fngate has escaped and counted them; whatever else the file might hold is no annotation, and is not said aloud.
if [ -f "$annotations" ]; then grep -aE '^::(error|warning|notice)[ :]' "$annotations" | head -n 40 || true; fi
note "$outcome"
if [ -f "$markdown" ]; then
  # The runner drops a summary of more than 1 MiB as a whole.
  if [ "$(wc -c <"$markdown")" -gt 1000000 ]; then
    { head -c 1000000 "$markdown" | LC_ALL=C sed '$d'; printf '\n\nThe summary was cut here; the other reports are whole.\n'; } | summary
  else
    summary <"$markdown"
  fi
else
  printf 'fngate: %s. There is no summary; the log says why.\n' "$outcome" | summary
fi

if [ -n "$unenforced" ]; then
  output outcome "$outcome (NOT ENFORCED)"
  exit 0
fi
output outcome "$outcome"
exit "$code"
