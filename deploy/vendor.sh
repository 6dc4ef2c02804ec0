#!/usr/bin/env bash
# Puts what browsers need of npm packages, at the versions of the lock file, where
# the program embeds it: web/vendor. Without npm the program is built without the
# map of the area page, and says so.
set -euo pipefail
cd "$(dirname "$0")/../web"

if [[ ! -f node_modules/leaflet/dist/leaflet.js ]]; then
	if ! command -v npm >/dev/null; then
		echo "npm is missing: the program is built without the map of the area page" >&2
		exit 0
	fi
	echo "installing the map by web/package-lock.json"
	if [[ -d node_modules ]]; then # the tests' peers are here: leave them in place
		npm ci --no-progress --loglevel=error
		cp package-lock.json node_modules/.tocsin-lock
	else
		npm ci --omit=dev --no-progress --loglevel=error
	fi
fi
mkdir -p vendor
cp node_modules/leaflet/dist/leaflet.js node_modules/leaflet/dist/leaflet.css vendor/
cp node_modules/leaflet/LICENSE vendor/leaflet-LICENSE.txt
