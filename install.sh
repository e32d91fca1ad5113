#!/bin/sh
# Installs fngate: downloads a release for this machine, verifies it, and puts it where you say. Nothing runs unverified.
#
#   install.sh [--version X.Y.Z] [--to DIR] [--sha256 HEX] [--require-signature | --without-signature]
#
# --version            the release; default: the newest
# --to                 the folder to install into; default: ~/.local/bin
# --sha256             the archive's digest, which you have from elsewhere (a review, templates/digests.txt at a commit): nothing else is asked
# --require-signature  refuse if no verifier is at hand
# --without-signature  rely on the checksum alone
#
# The checksum lies beside the archive: it proves that the download is whole, not whose it is. If an fngate, cosign or gh is on
# PATH, the archive's Sigstore bundle is verified too: made by the release workflow of github.com/fngate/fngate at this version's tag.
# FNGATE_RELEASES_URL names a mirror; what it gives out has to pass the same.
set -eu

repository=fngate/fngate
usage() { sed -n '2,/^set -eu/s/^# \{0,1\}//p' "$0" 2>/dev/null || true; }
die() {
  echo "install.sh: $1" >&2
  exit 1
}
need() { command -v "$1" >/dev/null 2>&1 || die "\`$1\` is needed"; }

target() {
  case "$(uname -s)/$(uname -m)" in
    Linux/x86_64 | Linux/amd64) echo x86_64-unknown-linux-musl ;;
    Linux/aarch64 | Linux/arm64) echo aarch64-unknown-linux-musl ;;
    Darwin/x86_64) echo x86_64-apple-darwin ;;
    Darwin/arm64) echo aarch64-apple-darwin ;;
    MINGW*/* | MSYS*/* | CYGWIN*/*) echo x86_64-pc-windows-msvc ;;
    *) die "there is no release for $(uname -s) on $(uname -m); build it with cargo" ;;
  esac
}
digest() {
  if command -v sha256sum >/dev/null 2>&1; then sha256sum <"$1"; else shasum -a 256 <"$1"; fi | cut -d ' ' -f 1
}
# Only over TLS, unless a mirror of one's own is not.
fetch() {
  case "$1" in https://*) schemes="=https" ;; http://*) schemes="=http,https" ;; *) die "not a web address: $1" ;; esac
  curl --disable --fail --silent --location --proto "$schemes" --retry 3 --connect-timeout 30 --max-time 900 --output "$2" -- "$1"
}
is_version() {
  case ".$1." in *..* | *[!0-9.]*) return 1 ;; esac
  case "$1" in *.*.*.*) return 1 ;; *.*.*) return 0 ;; *) return 1 ;; esac
}
newest() {
  latest="$(curl --disable --fail --silent --head --location --proto '=https' --max-time 60 --output /dev/null --write-out '%{url_effective}' \
    -- "https://github.com/$repository/releases/latest")" || die "the newest version cannot be found out; give --version"
  echo "${latest##*/fngate-v}"
}

# Who made the archive, if there is anything here to tell. 0 verified, 3 nothing to verify with; any failure ends it.
origin() {
  identity="https://github.com/$repository/.github/workflows/release.yml@refs/tags/fngate-v$version"
  issuer=https://token.actions.githubusercontent.com
  if command -v fngate >/dev/null 2>&1; then
    bundle "$name.tar.gz.sigstore.json"
    # Elsewhere, a fngate.toml of somebody else might lie in the way, and name who may sign.
    (cd "$work" && fngate verify archive --bundle bundle --identity "$identity" --issuer "$issuer") >"$work/log" 2>&1 || distrust fngate
  elif command -v cosign >/dev/null 2>&1; then
    bundle "$name.tar.gz.sigstore.json"
    cosign verify-blob --bundle "$work/bundle" --certificate-identity "$identity" \
      --certificate-oidc-issuer "$issuer" "$work/archive" >"$work/log" 2>&1 || distrust cosign
  elif command -v gh >/dev/null 2>&1; then
    bundle "$name.tar.gz.provenance.sigstore.json"
    mv "$work/bundle" "$work/bundle.json"
    gh attestation verify "$work/archive" --bundle "$work/bundle.json" --repo "$repository" --cert-identity "$identity" \
      >"$work/log" 2>&1 || distrust gh
  else
    return 3
  fi
}
bundle() { fetch "$base/$1" "$work/bundle" || die "the signature cannot be downloaded, and without it the archive is anybody's"; }
distrust() {
  cat "$work/log" >&2
  die "$1 does not accept the archive's signature"
}

main() {
  version="" to="${HOME:-}/.local/bin" pinned="" signature=""
  while [ "$#" -gt 0 ]; do
    case "$1" in
      --version | --to | --sha256) [ "$#" -gt 1 ] || die "$1 needs a value" ;;
    esac
    case "$1" in
      --version) version="$2" && shift ;;
      --to) to="$2" && shift ;;
      --sha256) pinned="$2" && shift ;;
      --require-signature) signature=required ;;
      --without-signature) signature=none ;;
      -h | --help) usage && exit 0 ;;
      *) die "unknown option: $1; --help lists them" ;;
    esac
    shift
  done
  need curl
  need tar
  if [ -n "$pinned" ]; then
    case "$pinned" in *[!0-9a-f]*) die "a digest is 64 small hexadecimal digits" ;; esac
    [ "${#pinned}" -eq 64 ] || die "a digest is 64 small hexadecimal digits"
    [ -n "$version" ] || die "a digest is that of one version: give --version too"
  fi
  [ -n "$version" ] || version="$(newest)"
  is_version "$version" || die "not a version such as 1.2.3: $version"
  name="fngate-$version-$(target)"
  base="${FNGATE_RELEASES_URL:-https://github.com/$repository/releases/download}/fngate-v$version"
  program=fngate
  case "$name" in *-windows-*) program=fngate.exe ;; esac

  work="$(mktemp -d)"
  trap 'rm -rf "$work"' EXIT
  trap 'exit 1' HUP INT TERM
  fetch "$base/$name.tar.gz" "$work/archive" || die "cannot download $base/$name.tar.gz"
  found="$(digest "$work/archive")"
  if [ -n "$pinned" ]; then
    [ "$found" = "$pinned" ] || die "the archive's digest is $found, not the one that was given"
    how="its digest is the one you gave"
  else
    fetch "$base/fngate-$version-checksums.txt" "$work/checksums" || die "cannot download the checksums"
    wanted="$(awk -v name="$name.tar.gz" '$2 == name || $2 == "*" name { print $1 }' "$work/checksums")"
    [ "${#wanted}" -eq 64 ] && [ "$found" = "$wanted" ] || die "the archive's digest is not the one in the list of checksums"
    state=0
    if [ "$signature" = none ]; then state=3; else origin || state=$?; fi
    case "$state" in
      0) how="signed by the release workflow at fngate-v$version" ;;
      *)
        [ "$signature" != required ] || die "there is no fngate, cosign or gh to verify the signature with"
        how="its checksum is the one beside it, which proves that it is whole and not whose it is"
        ;;
    esac
  fi

  [ -n "$to" ] || die "give --to"
  mkdir -p -- "$to"
  # Beside its place first: a program is there whole or not at all.
  fresh="$to/.fngate-$$"
  tar -xzOf "$work/archive" "$name/$program" >"$fresh" || { rm -f "$fresh" && die "the archive cannot be unpacked"; }
  chmod 755 "$fresh"
  mv -f "$fresh" "$to/$program"
  echo "fngate $version: $to/$program"
  echo "verified: $how"
  echo "sha256 $found"
  case ":${PATH:-}:" in *":$to:"*) ;; *) echo "note: $to is not on PATH" ;; esac
}

# At the end: a script that was cut on the way does nothing.
main "$@"
