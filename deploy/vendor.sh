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
	npm ci --omit=dev --no-progress --loglevel=error
fi
mkdir -p vendor
cp node_modules/leaflet/dist/leaflet.js node_modules/leaflet/dist/leaflet.css vendor/
cp node_modules/leaflet/LICENSE vendor/leaflet-LICENSE.txt
