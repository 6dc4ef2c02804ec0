#!/usr/bin/env bash
# Puts what browsers need of npm packages, at the versions of the lock file, where
# the program embeds it: web/vendor. Without npm, or where it reaches no registry,
# the program is built without the map of the area page, and says so.
set -euo pipefail
cd "$(dirname "$0")/../web"

# version says which leaflet a package list has: the lock file's, or a package's own.
version() { sed -n "/$2/,/\"version\"/s/.*\"version\": *\"\([^\"]*\)\".*/\1/p" "$1" 2>/dev/null | head -n 1; }

without() {
	grep -qs "Leaflet $wanted," vendor/leaflet.js && exit 0 # put there before
	echo "$1: the program is built without the map of the area page" >&2
	rm -f vendor/leaflet* # an older one would pass for the one of the lock file
	exit 0
}

wanted=$(version package-lock.json '"node_modules\/leaflet": {')
if [[ ! -f node_modules/leaflet/dist/leaflet.js || $(version node_modules/leaflet/package.json '"name": *"leaflet"') != "$wanted" ]]; then
	command -v npm >/dev/null || without "npm is missing"
	echo "installing the map by web/package-lock.json"
	if [[ -d node_modules ]]; then # the tests' peers are here: leave them in place
		npm ci --no-progress --loglevel=error || without "npm could not install leaflet $wanted"
		cp package-lock.json node_modules/.tocsin-lock
	else
		npm ci --omit=dev --no-progress --loglevel=error || without "npm could not install leaflet $wanted"
	fi
fi
mkdir -p vendor
cp node_modules/leaflet/dist/leaflet.js node_modules/leaflet/dist/leaflet.css vendor/
cp node_modules/leaflet/LICENSE vendor/leaflet-LICENSE.txt
