#!/usr/bin/env bash
# fngate against a real Sigstore on this machine, with cosign and sigstore-python as judges.
#
#   UP WORK tests/oracle/sigstore_local.sh [FNGATE]
#
# UP is a script that starts Fulcio, Rekor v2 and a timestamp authority on loopback, runs a command with SIGSTORE_LOCAL_* set, and
# stops them. Needed of it: SIGSTORE_LOCAL_BIN (cosign, and `stack` for tokens and foreign keys), _TRUSTED_ROOT, _SIGNING_CONFIG,
# _TRUST_CONFIG, _KEYS, _TOKEN, _ISSUER, _IDENTITY, _CI_TOKEN, _CI_ISSUER, _CI_IDENTITY, _CI_REQUEST_URL, _CI_REQUEST_TOKEN.
# Besides: FNGATE_SIGSTORE_PYTHON (the `sigstore` command), FNGATE_SIGSTORE_MUTATE (the script that spoils a bundle; optional).
set -euo pipefail
here="$(cd "$(dirname "$0")/../.." && pwd)"
fngate="$(realpath "${1:-$here/target/release/fngate}")"
: "${SIGSTORE_LOCAL_BIN:?}" "${FNGATE_SIGSTORE_PYTHON:?}"
cosign="$SIGSTORE_LOCAL_BIN/cosign" root="$SIGSTORE_LOCAL_TRUSTED_ROOT" config="$SIGSTORE_LOCAL_SIGNING_CONFIG"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
export FNGATE_KEY_PASSWORD=local COSIGN_PASSWORD=local
passed=0
ok() { if "${@:2}" >log 2>&1; then passed=$((passed + 1)); else cat log; echo "NOT ACCEPTED: $1"; exit 1; fi; }
no() { if "${@:2}" >log 2>&1; then cat log; echo "ACCEPTED: $1"; exit 1; else passed=$((passed + 1)); fi; }
head -c 100000 /dev/urandom >fn.zip
head -c 100 /dev/urandom >other.zip
services=(--signing-config "$config" --trusted-root "$root")
by_cosign() { "$cosign" verify-blob --bundle "$1" --trusted-root "$root" --certificate-identity "$2" --certificate-oidc-issuer "$3" "$4"; }
said_cosign() { "$cosign" verify-blob-attestation --bundle "$1" --type "$5" --trusted-root "$root" --certificate-identity "$2" --certificate-oidc-issuer "$3" "$4"; }
by_python() { "$FNGATE_SIGSTORE_PYTHON" --trust-config "$SIGSTORE_LOCAL_TRUST_CONFIG" verify identity --offline --bundle "$1" --cert-identity "$2" --cert-oidc-issuer "$3" "$4"; }
by_fngate() { "$fngate" verify "$4" --bundle "$1" --trusted-root "$root" --identity "$2" --issuer "$3" "${@:5}"; }
id="$SIGSTORE_LOCAL_IDENTITY" iss="$SIGSTORE_LOCAL_ISSUER"

# a. What fngate signs, the others take.
ok "sign" "$fngate" sign fn.zip "${services[@]}" --identity-token "$SIGSTORE_LOCAL_TOKEN" -o signed.json
ok "attest" "$fngate" attest fn.zip --predicate <(echo '{"scanner":{}}') --type vuln "${services[@]}" --identity-token "$SIGSTORE_LOCAL_TOKEN" -o said.json
for client in by_cosign by_python by_fngate; do
  ok "$client: signed" "$client" signed.json "$id" "$iss" fn.zip
  no "$client: signed, other artifact" "$client" signed.json "$id" "$iss" other.zip
  no "$client: signed, other identity" "$client" signed.json "x$id" "$iss" fn.zip
done
ok "cosign: attested" said_cosign said.json "$id" "$iss" fn.zip https://cosign.sigstore.dev/attestation/vuln/v1
no "cosign: attested, other artifact" said_cosign said.json "$id" "$iss" other.zip https://cosign.sigstore.dev/attestation/vuln/v1
ok "python: attested" by_python said.json "$id" "$iss" fn.zip
ok "fngate: attested" by_fngate said.json "$id" "$iss" fn.zip --type vuln
ok "key" "$fngate" key generate --output own
ok "sign by key" "$fngate" sign fn.zip --key own.key "${services[@]}" -o keyed.json
ok "cosign: keyed" "$cosign" verify-blob --key own.pub --bundle keyed.json --trusted-root "$root" fn.zip
no "cosign: keyed, other artifact" "$cosign" verify-blob --key own.pub --bundle keyed.json --trusted-root "$root" other.zip
ok "fngate: keyed" "$fngate" verify fn.zip --bundle keyed.json --key own.pub --trusted-root "$root"
ok "cosign signs with fngate's key" "$cosign" sign-blob -y --key own.key --signing-config "$config" --trusted-root "$root" --bundle k2.json fn.zip
ok "fngate: cosign with its key" "$fngate" verify fn.zip --bundle k2.json --key own.pub --trusted-root "$root"
ci() {
  GITHUB_ACTIONS=true ACTIONS_ID_TOKEN_REQUEST_URL="$SIGSTORE_LOCAL_CI_REQUEST_URL" \
    ACTIONS_ID_TOKEN_REQUEST_TOKEN="$SIGSTORE_LOCAL_CI_REQUEST_TOKEN" "$@"
}
ok "sign in a CI job" ci "$fngate" sign fn.zip "${services[@]}" -o ci.json
for client in by_cosign by_python by_fngate; do
  ok "$client: CI" "$client" ci.json "$SIGSTORE_LOCAL_CI_IDENTITY" "$SIGSTORE_LOCAL_CI_ISSUER" fn.zip
done
ok "fngate: CI claims" by_fngate ci.json "$SIGSTORE_LOCAL_CI_IDENTITY" "$SIGSTORE_LOCAL_CI_ISSUER" fn.zip --claim runner_environment=github-hosted --claim build_trigger=push
no "fngate: CI claims, another" by_fngate ci.json "$SIGSTORE_LOCAL_CI_IDENTITY" "$SIGSTORE_LOCAL_CI_ISSUER" fn.zip --claim build_trigger=pull_request_target

# b. What the others sign, fngate takes.
ok "cosign signs" "$cosign" sign-blob -y --identity-token "$SIGSTORE_LOCAL_TOKEN" --signing-config "$config" --trusted-root "$root" --bundle c.json fn.zip
ok "fngate: cosign" by_fngate c.json "$id" "$iss" fn.zip
no "fngate: cosign, other artifact" by_fngate c.json "$id" "$iss" other.zip
echo '{"a":1}' >predicate.json
ok "cosign attests" "$cosign" attest-blob -y --identity-token "$SIGSTORE_LOCAL_TOKEN" --signing-config "$config" --trusted-root "$root" --predicate predicate.json --type https://example.com/t --bundle ca.json fn.zip
ok "fngate: cosign attested" by_fngate ca.json "$id" "$iss" fn.zip --type https://example.com/t
no "fngate: cosign attested, another type" by_fngate ca.json "$id" "$iss" fn.zip --type slsaprovenance
ok "cosign makes a key" "$cosign" generate-key-pair
ok "cosign signs by key" "$cosign" sign-blob -y --key cosign.key --signing-config "$config" --trusted-root "$root" --bundle ck.json fn.zip
ok "fngate: cosign keyed" "$fngate" verify fn.zip --bundle ck.json --key cosign.pub --trusted-root "$root"
no "fngate: cosign keyed, another key" "$fngate" verify fn.zip --bundle ck.json --key own.pub --trusted-root "$root"
ok "fngate signs with cosign's key" "$fngate" sign fn.zip --key cosign.key "${services[@]}" -o k3.json
ok "cosign: its key in fngate" "$cosign" verify-blob --key cosign.pub --bundle k3.json --trusted-root "$root" fn.zip
ok "python signs" "$FNGATE_SIGSTORE_PYTHON" --trust-config "$SIGSTORE_LOCAL_TRUST_CONFIG" sign --identity-token "$(cat "$SIGSTORE_LOCAL_TOKEN")" --bundle p.json fn.zip
ok "fngate: python" by_fngate p.json "$id" "$iss" fn.zip
echo "accepted and refused as expected: $passed"

# c. One good bundle, spoiled in one thing at a time: what any of the three refuses is refused.
if [ -n "${FNGATE_SIGSTORE_MUTATE:-}" ]; then
  "$SIGSTORE_LOCAL_BIN/stack" init "$work/foreign" >log 2>&1
  python3 "$FNGATE_SIGSTORE_MUTATE" signed.json p.json "$root" "$work/foreign" "$work/cases" >log 2>&1 || { cat log; exit 1; }
  wrong=0 cases=0
  for case in "$work"/cases/*/; do
    code=0
    "$fngate" verify fn.zip --bundle "$case/bundle.json" --trusted-root "$case/trusted_root.json" --identity "$id" --issuer "$iss" --format json >verdict.json 2>log || code=$?
    reason="$(python3 -c 'import json,sys; print(json.load(open("verdict.json")).get("reason",""))' 2>/dev/null || sed -n 1p log)"
    expected="$(cat "$case/expect")"
    printf '%-24s %-8s exit %s %s\n' "$(basename "$case")" "$expected" "$code" "$reason"
    cases=$((cases + 1))
    case "$expected:$code" in accept:0 | reject:1 | reject:2 | varies:1) ;; *) wrong=$((wrong + 1)) ;; esac
  done
  echo "spoiled: $cases cases, $wrong not as expected"
  [ "$wrong" = 0 ]
fi
