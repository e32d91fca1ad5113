#!/usr/bin/env bash
# Checksums, signatures and statements of the archives in DIST, made by fngate itself.
#
#   seal.sh VERSION DIST [OPTION...]      # the options go to every `fngate sign` and `fngate attest`
#
# FNGATE is the binary that signs. Each archive gets three bundles: signature, bill of materials, provenance; the checksums and the
# installer one. fngate verifies each before it writes it; verify.sh does so again, against the identity that is to be.
set -euo pipefail
version="${1:?the version}" dist="${2:?the folder of archives}"
shift 2
here="$(cd "$(dirname "$0")" && pwd)"
fngate="$(realpath "${FNGATE:?the binary that signs}")"
cp "$here/../../install.sh" "$dist/install.sh"
cd "$dist"
sums="fngate-$version-checksums.txt"
sha256sum -- "fngate-$version"-*.tar.gz >"$sums"
"$fngate" sign "$@" -- "fngate-$version"-*.tar.gz "$sums" install.sh
for archive in "fngate-$version"-*.tar.gz; do
  "$fngate" attest --sbom --provenance "$@" -- "$archive"
done
