#!/usr/bin/env bash
# Writes the container image as an OCI layout, from scratch and without a daemon: the same binaries give the same digest, which is
# known, and signed, before anything is pushed. Prints that digest.
#
#   image.sh VERSION BUILT LAYOUT
#
# Inside: the static binary, the roots for TLS of this machine (or FNGATE_ROOTS), an empty /tmp; no shell, no user but a number.
set -euo pipefail
version="${1:?the version}" built="$(realpath "${2:?the folder of binaries}")"
mkdir -p "${3:?the folder for the layout}/blobs/sha256"
layout="$(realpath "$3")"
here="$(cd "$(dirname "$0")" && pwd)"
epoch="${SOURCE_DATE_EPOCH:-$(git -C "$here" log -1 --format=%ct)}"
created="$(date --utc --date "@$epoch" +%Y-%m-%dT%H:%M:%SZ)"
roots="${FNGATE_ROOTS:-/etc/ssl/certs/ca-certificates.crt}"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT

# blob FILE: puts it into the layout and says its digest and size.
blob() {
  local digest
  digest="$(sha256sum <"$1" | cut -d ' ' -f 1)"
  cp "$1" "$layout/blobs/sha256/$digest"
  printf '"digest":"sha256:%s","size":%s' "$digest" "$(wc -c <"$1")"
}
manifests=()
for pair in amd64=x86_64-unknown-linux-musl arm64=aarch64-unknown-linux-musl; do
  root="$work/${pair%%=*}"
  install -D -m 755 "$built/${pair#*=}/fngate" "$root/fngate"
  install -D -m 644 "$roots" "$root/etc/ssl/certs/ca-certificates.crt"
  install -d -m 1777 "$root/tmp"
  install -d -m 755 "$root/work"
  tar --create --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$epoch" --format=ustar --directory "$root" etc fngate tmp work >"$work/layer.tar"
  gzip --no-name --best <"$work/layer.tar" >"$work/layer.gz"
  cat >"$work/config" <<JSON
{"architecture":"${pair%%=*}","os":"linux","created":"$created","config":{"User":"65532:65532","Env":["PATH=/"],"Entrypoint":["/fngate"],"WorkingDir":"/work","Labels":{"org.opencontainers.image.source":"https://github.com/fngate/fngate","org.opencontainers.image.licenses":"Apache-2.0 OR MIT","org.opencontainers.image.version":"$version"}},"rootfs":{"type":"layers","diff_ids":["sha256:$(sha256sum <"$work/layer.tar" | cut -d ' ' -f 1)"]},"history":[{"created":"$created","created_by":".github/release/image.sh"}]}
JSON
  cat >"$work/manifest" <<JSON
{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"mediaType":"application/vnd.oci.image.config.v1+json",$(blob "$work/config")},"layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar+gzip",$(blob "$work/layer.gz")}]}
JSON
  manifests+=("{\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\",$(blob "$work/manifest"),\"platform\":{\"architecture\":\"${pair%%=*}\",\"os\":\"linux\"}}")
done
cat >"$work/index" <<JSON
{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[$(IFS=,; echo "${manifests[*]}")]}
JSON
whole="$(blob "$work/index")"
echo '{"imageLayoutVersion":"1.0.0"}' >"$layout/oci-layout"
cat >"$layout/index.json" <<JSON
{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[{"mediaType":"application/vnd.oci.image.index.v1+json",$whole,"annotations":{"org.opencontainers.image.ref.name":"$version"}}]}
JSON
sed -n 's/^"digest":"\(sha256:[0-9a-f]*\)".*/\1/p' <<<"$whole"
