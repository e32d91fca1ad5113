# What the GitLab job runs, in any POSIX shell with tar, sha256sum and curl or wget. All settings come from variables.
outcome=incomplete code=2
# What later jobs see, as variables; a job that is stopped was not judged.
tell() { printf 'FNGATE_OUTCOME=%s\nFNGATE_EXIT_CODE=%s\n' "$outcome" "$code" >fngate.env; }
conclude() {
  tell
  # What is denied on the default branch keeps the pipeline from being the one that merge requests are compared with.
  forgiven=""
  if [ "${FNGATE_ENFORCE:-true}" = false ]; then
    forgiven="enforce is false"
  elif [ "${FNGATE_FAIL_ON_DEFAULT_BRANCH:-true}" = false ] && [ -n "${CI_COMMIT_BRANCH:-}" ] &&
    [ "$CI_COMMIT_BRANCH" = "${CI_DEFAULT_BRANCH:-}" ]; then
    forgiven="this is the default branch"
  fi
  if [ -n "$forgiven" ]; then
    echo "NOT ENFORCED ($forgiven): the verdict is $outcome"
    exit 0
  fi
  echo "the verdict is $outcome"
  exit "$code"
}
refuse() {
  echo "fngate: $1" >&2
  exit 2
}
fail() {
  echo "fngate: $1" >&2
  conclude
}
tell
for switch in "${FNGATE_ENFORCE:-true}" "${FNGATE_FAIL_ON_DEFAULT_BRANCH:-true}"; do
  case "$switch" in true | false) ;; *) refuse "a switch is neither true nor false" ;; esac
done

rm -f gl-dependency-scanning-report.json gl-secret-detection-report.json gl-code-quality-report.json gl-sbom-fngate.cdx.json \
  fngate-junit.xml fngate-report.json fngate-report.html
work="$(mktemp -d)" || refuse "there is no place for temporary files"
trap 'rm -rf "$work"' EXIT

# fetch URL SHA256 FILE: 3 where nothing was had, 4 where it was another file.
fetch() {
  if command -v curl >/dev/null; then
    curl --disable --fail --silent --show-error --location --proto '=http,https' --retry 3 --max-time 900 --output "$3" -- "$1" || return 3
  else
    wget -q -O "$3" "$1" || return 3
  fi
  [ "$(sha256sum <"$3" | cut -d ' ' -f 1)" = "$2" ] && return 0
  rm -f "$3"
  return 4
}
released() {
  case "$(uname -s)/$(uname -m)" in
    Linux/x86_64) target=x86_64-unknown-linux-musl ;;
    Linux/aarch64 | Linux/arm64) target=aarch64-unknown-linux-musl ;;
    *) fail "there is no release for this machine: give FNGATE_BINARY" ;;
  esac
  table="$(printf '%s\n' "${FNGATE_DIGESTS:-}" | awk -v target="$target" '!/^#/ && $2 == target && NF == 3')"
  version="${FNGATE_VERSION:-$(printf '%s\n' "$table" | awk 'END { print $1 }')}"
  [ -n "$version" ] || fail "this template knows no release yet: give FNGATE_BINARY, or an image with fngate in it"
  # It becomes part of a URL: digits and dots, nothing else.
  case ".$version." in *..* | *[!0-9.]*) refuse "the version is not one such as 1.2.3" ;; esac
  wanted="$(printf '%s\n' "$table" | awk -v version="$version" '$1 == version { found += 1; digest = $3 }
    END { if (found == 1 && length(digest) == 64 && digest !~ /[^0-9a-f]/) print digest }')"
  [ -n "$wanted" ] || refuse "this template knows no digest of fngate $version, and runs nothing it does not know"
  name="fngate-$version-$target" got=0
  fetch "${FNGATE_RELEASES_URL:-https://github.com/fngate/fngate/releases/download}/fngate-v$version/$name.tar.gz" "$wanted" \
    "$work/archive" || got=$?
  case "$got" in
    0) ;;
    4) refuse "the download of fngate $version is not the file that this template's table names" ;;
    *) fail "fngate $version could not be downloaded" ;;
  esac
  binary="$work/fngate"
  tar -xzOf "$work/archive" "$name/fngate" >"$binary" || fail "the archive of fngate $version cannot be unpacked"
  chmod 755 "$binary"
}
binary="${FNGATE_BINARY:-}"
if [ -z "$binary" ] && [ -z "${FNGATE_VERSION:-}" ]; then binary="$(command -v fngate || true)"; fi
if [ -z "$binary" ]; then released; fi
case "$binary" in /*) ;; *) binary="$PWD/$binary" ;; esac
if [ ! -x "$binary" ] || [ -d "$binary" ]; then fail "the fngate binary cannot be run"; fi

# Lists are separated by commas or lines. `items LIST` prints what is in one, an item a line, without the space around it.
items() { printf '%s\n' "$1" | tr ',' '\n' | tr -d '\r' | sed 's/^[[:space:]]*//; s/[[:space:]]*$//; /^$/d'; }
set -- --color never --report "json=fngate-report.json" --report "html=fngate-report.html" --report "junit=fngate-junit.xml" \
  --report "gitlab-codequality=gl-code-quality-report.json" --report "cyclonedx=gl-sbom-fngate.cdx.json" \
  --report "gitlab-dependency-scanning=gl-dependency-scanning-report.json" \
  --report "gitlab-secret-detection=gl-secret-detection-report.json"
db="${FNGATE_ADVISORIES:-}"
case "$db" in
  http://*@sha256:* | https://*@sha256:*)
    got=0
    case "${db##*@sha256:}" in *[!0-9a-f]*) fail "the digest of a database is 64 small hexadecimal digits" ;; esac
    [ "$(printf %s "${db##*@sha256:}" | wc -c)" -eq 64 ] || fail "the digest of a database is 64 small hexadecimal digits"
    fetch "${db%@sha256:*}" "${db##*@sha256:}" "$work/advisories.db" || got=$?
    case "$got" in
      0) db="$work/advisories.db" ;;
      4) fail "the database at the URL does not have the digest that is given" ;;
      *) fail "the database at the URL could not be downloaded" ;;
    esac
    ;;
  http://* | https://*) fail "the URL of a database ends in @sha256: and the digest, 64 small hexadecimal digits" ;;
esac
if [ -n "${FNGATE_CONFIG:-}" ]; then set -- "$@" "--config=$FNGATE_CONFIG"; fi
if [ -n "$db" ]; then set -- "$@" "--db=$db"; fi
if [ -n "${FNGATE_KEV:-}" ]; then set -- "$@" "--kev=$FNGATE_KEV"; fi
if [ -n "${FNGATE_EPSS:-}" ]; then set -- "$@" "--epss=$FNGATE_EPSS"; fi
if [ -n "${FNGATE_BASELINE:-}" ]; then set -- "$@" "--baseline=$FNGATE_BASELINE"; fi
{
  items "${FNGATE_POLICY:-}" | sed 's/^/--policy=/'
  items "${FNGATE_VEX:-}" | sed 's/^/--vex=/'
  items "${FNGATE_LOCK:-}" | sed 's/^/--lock=/'
  items "${FNGATE_MODULES:-}" | sed 's/^/--modules=/'
  items "${FNGATE_LAYERS:-}" | sed 's/^/--layer=/'
  items "${FNGATE_BUNDLES:-}" | sed 's/^/--bundle=/'
} >"$work/options"
while IFS= read -r line; do set -- "$@" "$line"; done <"$work/options"

set -- "$@" --
items "${FNGATE_ARTIFACTS:-}" >"$work/artifacts"
[ -s "$work/artifacts" ] || fail "no artifact is named"
before="$IFS"
while IFS= read -r line; do
  # Said by the pipeline, this is an image; found by a glob, a file of that name.
  case "$line" in oci:*) set -- "$@" "$line" && continue ;; esac
  found=no
  IFS=""
  # Unquoted on purpose: an item is a glob. IFS is empty, so spaces in it split nothing.
  for match in $line; do
    if [ -L "$match" ] && [ ! -e "$match" ]; then
      IFS="$before"
      fail "an item of the artifacts matches a link to nothing"
    fi
    [ -e "$match" ] || continue
    case "$match" in @* | -* | oci:*) match="./$match" ;; esac
    set -- "$@" "$match"
    found=yes
  done
  IFS="$before"
  [ "$found" = yes ] || fail "an item of the artifacts matches nothing"
done <"$work/artifacts"

code=0
"$binary" check "$@" || code=$?
case "$code" in
  0) outcome=pass ;;
  1) outcome=deny ;;
  *) outcome=incomplete code=2 ;;
esac
# A program that ends well and leaves no report was not fngate.
if [ "$outcome" = pass ] && ! grep -q '^  "outcome": "pass",$' fngate-report.json 2>/dev/null; then outcome=incomplete code=2; fi
conclude
