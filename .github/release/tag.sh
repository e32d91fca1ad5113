#!/usr/bin/env bash
# Whether this commit may be tagged as the Action's version: its own version must be in its table, for every platform, and the GitLab
# templates must be written from that table. Prints the tag, `v1.2.3`.
#
#   tag.sh [TREE]      # default: this repository
set -euo pipefail
cd "${1:-$(dirname "$0")/../..}"
version="$(awk -F '"' '/^version = / { print $2; exit }' Cargo.toml)"
while read -r target; do
  found="$(awk -v version="$version" -v target="$target" '$1 == version && $2 == target && NF == 3 { print $3 }' templates/digests.txt)"
  [[ "$found" =~ ^[0-9a-f]{64}$ ]] || { echo "fngate $version has no one digest of $target in templates/digests.txt: no tag" >&2; exit 1; }
done <.github/release/targets.txt
written="$(mktemp -d)"
trap 'rm -rf "$written"' EXIT
templates/gitlab/build.sh "$written"
for file in gate.yml gate.gitlab-ci.yml; do
  cmp -s "$written/$file" "templates/$file" || { echo "templates/$file was not written from the table: no tag" >&2; exit 1; }
done
printf 'v%s\n' "$version"
