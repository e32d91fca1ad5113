#!/usr/bin/env bash
# Checksums, signatures and statements of the archives in DIST, made by fngate itself.
#
#   seal.sh VERSION DIST [OPTION...]      # the options go to every `fngate sign` and `fngate attest`
#
# FNGATE is the binary that signs, FNGATE_IMAGE the image as NAME@sha256:HEX. Each archive gets three bundles: signature, bill of
# materials, provenance; the checksums, the installer and the image one. fngate verifies each before it writes it; verify.sh does so again, against the identity that is to be.
set -euo pipefail
version="${1:?the version}" dist="${2:?the folder of archives}"
shift 2
here="$(cd "$(dirname "$0")" && pwd)"
fngate="$(realpath "${FNGATE:?the binary that signs}")"
image="${FNGATE_IMAGE:?the image}"
[[ "$image" =~ ^[a-z0-9./_-]+@(sha256:[0-9a-f]{64})$ ]] || { echo "not an image by its digest: $image" >&2; exit 1; }
digest="${BASH_REMATCH[1]}"
cp "$here/../../install.sh" "$dist/install.sh"
cd "$dist"
sums="fngate-$version-checksums.txt"
sha256sum -- "fngate-$version"-*.tar.gz >"$sums"
"$fngate" sign "$@" -- "fngate-$version"-*.tar.gz "$sums" install.sh
for archive in "fngate-$version"-*.tar.gz; do
  "$fngate" attest --sbom --provenance "$@" -- "$archive"
done
printf '%s\n' "$image" >"fngate-$version-image.txt"
"$fngate" sign "$digest" --output "fngate-$version-image.sigstore.json" "$@"
