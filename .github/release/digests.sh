#!/usr/bin/env bash
# Adds a release to the table that the Action and the GitLab job believe, from its list of checksums, and writes the templates anew.
#
#   digests.sh VERSION CHECKSUMS
#
# A release that is in the table already is never changed, and one that lacks a platform is not added. FNGATE_TABLE is another table.
set -euo pipefail
version="${1:?the version}" sums="$(realpath "${2:?the list of checksums}")"
cd "$(dirname "$0")/../.."
table="${FNGATE_TABLE:-templates/digests.txt}"
[[ "$version" =~ ^(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)$ ]] || { echo "not a version: $version" >&2; exit 1; }
if grep -q "^${version//./\\.} " "$table"; then
  echo "fngate $version is in the table already, and what it says of a version is final" >&2
  exit 1
fi
lines=()
while read -r target; do
  digest="$(awk -v name="fngate-$version-$target.tar.gz" '$2 == name { print $1 }' "$sums")"
  [[ "$digest" =~ ^[0-9a-f]{64}$ ]] || { echo "no one digest of $target in the list" >&2; exit 1; }
  lines+=("$version $target $digest")
done <.github/release/targets.txt
printf '%s\n' "${lines[@]}" >>"$table"
[ -n "${FNGATE_TABLE:-}" ] || templates/gitlab/build.sh
