#!/usr/bin/env bash
# Verifies a sealed release in DIST: every target and the image are there, every checksum is right, and every bundle is by the
# identity that the options say (those of `fngate verify`: --repo, --workflow, --ref; or --identity and --issuer).
#
#   verify.sh VERSION DIST OPTION...
#
# FNGATE_TARGETS are the targets, if not all of a release's.
set -euo pipefail
version="${1:?the version}" dist="${2:?the folder of archives}"
shift 2
here="$(cd "$(dirname "$0")" && pwd)"
fngate="$(realpath "${FNGATE:?the binary that verifies}")"
read -ra targets <<<"${FNGATE_TARGETS:-$(tr '\n' ' ' <"$here/targets.txt")}"
cd "$dist"
sums="fngate-$version-checksums.txt"
cmp install.sh "$here/../../install.sh"
sha256sum --check --strict --quiet "$sums"
for target in "${targets[@]}"; do
  archive="fngate-$version-$target.tar.gz"
  grep -qE "^[0-9a-f]{64}  $archive\$" "$sums" || { echo "no checksum of $archive" >&2; exit 1; }
  "$fngate" verify "$archive" --bundle "$archive.sigstore.json" "$@"
  "$fngate" verify "$archive" --bundle "$archive.sbom.sigstore.json" --type cyclonedx "$@"
  "$fngate" verify "$archive" --bundle "$archive.provenance.sigstore.json" --type slsaprovenance "$@"
done
[ "$(wc -l <"$sums")" -eq "${#targets[@]}" ] || { echo "there are checksums of other archives too" >&2; exit 1; }
for file in "$sums" install.sh; do
  "$fngate" verify "$file" --bundle "$file.sigstore.json" "$@"
done
image="$(cat "fngate-$version-image.txt")"
[[ "$image" =~ ^[a-z0-9./_-]+@(sha256:[0-9a-f]{64})$ ]] || { echo "not an image by its digest: $image" >&2; exit 1; }
"$fngate" verify "${BASH_REMATCH[1]}" --bundle "fngate-$version-image.sigstore.json" "$@"
