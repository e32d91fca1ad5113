#!/usr/bin/env bash
# Stands in for fngate where scripts are tested: writes the arguments down (FNGATE_RECORD) and is fngate (FNGATE_REAL) for the rest.
set -euo pipefail
if [ -n "${FNGATE_RECORD:-}" ]; then printf '%s\n' "$@" >"$FNGATE_RECORD"; fi
exec "${FNGATE_REAL:?}" "$@"
