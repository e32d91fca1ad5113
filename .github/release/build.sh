#!/usr/bin/env bash
# Builds fngate for one target, with the list of its crates inside, as OUT/TARGET/fngate.
#
#   build.sh TARGET OUT
#
# What is static is proven static, and the binary says which version it is. CARGO_BUILD names another builder than `auditable build`.
set -euo pipefail
target="${1:?the target}"
mkdir -p "${2:?the folder}"
out="$(cd "$2" && pwd)"
cd "$(dirname "$0")/../.."
version="$(awk -F '"' '/^version = / { print $2; exit }' Cargo.toml)"
read -ra builder <<<"${CARGO_BUILD:-auditable build --release}"
program=fngate
case "$target" in
  *-windows-*) program=fngate.exe ;;
  *-linux-musl) ;;
  *-linux-gnu) export RUSTFLAGS="${RUSTFLAGS:-} -C target-feature=+crt-static" ;;
esac
export SOURCE_DATE_EPOCH="${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}"
cargo "${builder[@]}" --locked --bin fngate --target "$target"
profile=release
case " ${builder[*]} " in *" --release "*) ;; *) profile=debug ;; esac
built="${CARGO_TARGET_DIR:-target}/$target/$profile/$program"
case "$target" in
  *-linux-*)
    if ! { ldd "$built" 2>&1 || true; } | grep -qE 'not a dynamic executable|statically linked|Not a valid dynamic program'; then
      echo "$built is not static" >&2
      exit 1
    fi
    ;;
esac
said="$("$built" --version)"
[ "$said" = "fngate $version" ] || { echo "$built says that it is: $said" >&2; exit 1; }
mkdir -p "$out/$target"
cp "$built" "$out/$target/$program"
