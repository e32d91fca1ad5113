#!/usr/bin/env bash
# The version a tag releases: `fngate-v1.2.3` prints 1.2.3, if Cargo.toml says the same.
set -euo pipefail
tag="${1:?the tag}"
cd "$(dirname "$0")/../.."
[[ "$tag" =~ ^fngate-v((0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*))$ ]] || { echo "not a tag of a release: $tag" >&2; exit 1; }
version="${BASH_REMATCH[1]}"
own="$(awk -F '"' '/^version = / { print $2; exit }' Cargo.toml)"
[ "$version" = "$own" ] || { echo "the tag is of $version, and Cargo.toml of $own" >&2; exit 1; }
printf '%s\n' "$version"
