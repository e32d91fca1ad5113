#!/usr/bin/env bash
# Builds the container image of each platform from the static binaries, pushes it by digest, joins them and prints the digest of the whole.
#
#   image.sh VERSION BUILT IMAGE      # IMAGE such as ghcr.io/fngate/fngate; the login is the caller's
set -euo pipefail
version="${1:?the version}" built="${2:?the folder of binaries}" image="${3:?the name of the image}"
here="$(cd "$(dirname "$0")" && pwd)"
parts=()
for pair in amd64=x86_64-unknown-linux-musl arm64=aarch64-unknown-linux-musl; do
  context="$(mktemp -d)"
  install -D -m 755 "$built/${pair#*=}/fngate" "$context/root/fngate"
  # The operating system's roots for TLS, and a place for what is too large for memory.
  install -D -m 644 /etc/ssl/certs/ca-certificates.crt "$context/root/etc/ssl/certs/ca-certificates.crt"
  mkdir -m 1777 "$context/root/tmp"
  tag="$image:$version-${pair%%=*}"
  docker build --quiet --platform "linux/${pair%%=*}" --label "org.opencontainers.image.version=$version" --tag "$tag" \
    --file "$here/../../Containerfile" "$context" >&2
  docker push --quiet "$tag" >&2
  digest="$(docker image inspect --format '{{range .RepoDigests}}{{println .}}{{end}}' "$tag" | sed -n "s|^$image@||p" | head -n 1)"
  [[ "$digest" =~ ^sha256:[0-9a-f]{64}$ ]] || { echo "no digest of $tag" >&2; exit 1; }
  parts+=("$image@$digest")
  rm -rf "$context"
done
docker manifest create "$image:$version" "${parts[@]}" >&2
pushed="$(docker manifest push "$image:$version" | grep -oE 'sha256:[0-9a-f]{64}' | tail -n 1)"
[ -n "$pushed" ] || { echo "no digest of $image:$version" >&2; exit 1; }
printf '%s\n' "$pushed"
