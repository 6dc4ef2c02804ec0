#!/usr/bin/env bash
# Installs the real peers that tests are held against: Debian packages where we
# are root, npm packages by their lock file. Quick when all is there. What cannot
# be installed is said here; in CI the test that needs it then fails.
set -euo pipefail
cd "$(dirname "$0")/.."

missing=()
for package in "$@"; do
	dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
done
if ((${#missing[@]})); then
	if [[ $(id -u) -eq 0 ]] && command -v apt-get >/dev/null; then
		echo "installing ${missing[*]}"
		export DEBIAN_FRONTEND=noninteractive
		apt-get update -qq
		apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
	else
		echo "not root: please install ${missing[*]}; tests that need them are skipped" >&2
	fi
fi

if ! command -v npm >/dev/null; then
	echo "npm is missing: please install Node.js; tests that need its packages are skipped" >&2
elif ! cmp -s web/package-lock.json web/node_modules/.tocsin-lock; then
	echo "installing the npm peers by web/package-lock.json"
	(cd web && npm ci --no-progress --loglevel=error)
	cp web/package-lock.json web/node_modules/.tocsin-lock
fi
