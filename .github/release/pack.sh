#!/usr/bin/env bash
# Packs what was built, BUILT/TARGET/fngate, as DIST/fngate-VERSION-TARGET.tar.gz. The same files give the same bytes.
#
#   pack.sh VERSION BUILT DIST [TARGET...]      # default: every target of a release; one that is missing fails
set -euo pipefail
version="${1:?the version}" built="$(realpath "${2:?the folder of binaries}")"
mkdir -p "${3:?the folder for archives}"
dist="$(realpath "$3")"
shift 3
cd "$(dirname "$0")/../.."
[ "$#" -gt 0 ] || mapfile -t targets <.github/release/targets.txt
[ "$#" = 0 ] || targets=("$@")
stage="$(mktemp -d)"
trap 'rm -rf "$stage"' EXIT
for target in "${targets[@]}"; do
  program=fngate
  case "$target" in *-windows-*) program=fngate.exe ;; esac
  name="fngate-$version-$target"
  mkdir "$stage/$name"
  install -m 755 "$built/$target/$program" "$stage/$name/$program"
  install -m 644 README.md CHANGELOG.md LICENSE-APACHE LICENSE-MIT "$stage/$name"
  tar --create --sort=name --owner=0 --group=0 --numeric-owner --mtime="@${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}" \
    --format=ustar --directory "$stage" "$name" | gzip --no-name --best >"$dist/$name.tar.gz"
done
