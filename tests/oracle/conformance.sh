#!/usr/bin/env bash
# Runs sigstore/sigstore-conformance against fngate.
#
#   tests/oracle/conformance.sh CHECKOUT [FNGATE]
#
# CHECKOUT is a clone of https://github.com/sigstore/sigstore-conformance; it is copied, not changed. FNGATE is the binary, by
# default target/release/fngate. The tests that sign need the public instance and its token, so they are left out here; the
# workflow of the same name runs them. The suite fetches its token even for verification, which is of no use to it: the copy
# is given a dummy instead, so that nothing but the installation of its requirements needs a network.
set -euo pipefail
checkout="${1:?a checkout of sigstore-conformance}"
here="$(cd "$(dirname "$0")/../.." && pwd)"
fngate="$(realpath "${2:-$here/target/release/fngate}")"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cp -r "$checkout" "$work/suite"
"${FNGATE_PYTHON:-python3}" -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check -r "$work/suite/requirements.txt"
"$work/venv/bin/python" - "$work/suite/test/conftest.py" <<'PYTHON'
import base64, json, re, sys
path = sys.argv[1]
claims = {"email": "nobody@example.com", "iss": "https://example.com", "exp": 4102444800}
token = "e30." + base64.b64encode(json.dumps(claims).encode()).decode() + ".e30"
text = open(path).read()
changed, times = re.subn(r"(def identity_token\(\) -> str:\n)(?:    .*\n)+", rf"\1    return '{token}'\n", text)
assert times == 1, "the suite's token fixture has another shape"
open(path, "w").write(changed)
PYTHON
cd "$work/suite"
"$work/venv/bin/python" -m pytest test --quiet --skip-signing --entrypoint "$fngate" -p no:cacheprovider
