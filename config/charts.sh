# Puts the charts' library where the site finds its static files. Usage: config/charts.sh .venv/bin
# npm checks it against package-lock.json. Without npm a pinned one comes through pip; without a network the
# pages keep their server-drawn pictures and tables, and the next `make` tries again.
set -eu
bin=$1
version=$(sed -n 's/.*"echarts": "\([0-9.]*\)".*/\1/p' package.json)
target=static/vendor/echarts-$version.min.js
[ -s "$target" ] && exit 0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp package.json package-lock.json .npmrc "$work"

fetch() {
	npm=$(command -v npm) || {
		node=$work/node
		"$bin/python" -m venv "$node" &&
			"$node/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements-node.txt &&
			npm=$node/bin/npm
	} || return 1
	(cd "$work" && "$npm" ci --loglevel=error --no-update-notifier --fetch-retries=1 --fetch-retry-mintimeout=1000 --fetch-timeout=30000)
}

if fetch >"$work/said" 2>&1; then
	mkdir -p static/vendor
	rm -f static/vendor/echarts-*
	cp "$work/node_modules/echarts/dist/echarts.min.js" "$target.part"
	gzip -9 -n -c "$target.part" >"$target.gz"
	mv "$target.part" "$target"
else
	tail -n 3 "$work/said" >&2
	echo "The charts' library could not be fetched: pages show tables and plain pictures until it is." >&2
fi
