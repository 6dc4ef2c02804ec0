#!/usr/bin/env bash
# The last words of `make test` when it fails: which tests, and the first lines of
# each one's reason. A hung test's goroutines alone run to thousands of lines, and
# whoever reads the end of a log sees nothing else.
set -euo pipefail
echo
echo "what failed:"
# A test's own lines stand before its verdict; a panic's running tests behind it.
grep -nE '^[[:space:]]*(--- FAIL|panic:|fatal error:|WARNING: DATA RACE|running tests:|Test[A-Za-z0-9_/]+ \([0-9a-z.]+\)$)|^FAIL|_test\.go:[0-9]+: |^-test\.shuffle' "$1" |
	grep -B1 -A12 -E -- '--- FAIL|panic:|fatal error|DATA RACE|running tests|FAIL' | cut -c1-300 | head -80 || true
