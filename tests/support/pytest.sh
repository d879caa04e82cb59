#!/bin/bash
# Usage: tests/support/pytest.sh ARGUMENT...
# Runs pytest. A test that is skipped fails.
set -euo pipefail
cd "$(dirname "$0")/../.."
log=$(mktemp)
trap 'rm "$log"' EXIT
/usr/bin/python3 -m pytest -q -rs -c tests/pytest.ini "$@" | tee "$log"
if grep -q '^SKIPPED' "$log"; then exit 1; fi
