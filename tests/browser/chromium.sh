# Prints the path of a Chromium, fetching one if the machine has none. Usage: chromium.sh .venv/bin
set -eu
bin=$1
for name in chromium chromium-browser google-chrome; do
	if command -v "$name" >/dev/null 2>&1; then command -v "$name"; exit 0; fi
done
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
	export DEBIAN_FRONTEND=noninteractive
	if { apt-get update && apt-get install -y --no-install-recommends chromium; } >/dev/null 2>&1; then
		command -v chromium && exit 0
	fi
fi
if "$bin/playwright" install chromium >/dev/null 2>&1; then
	"$bin/python" -c 'from playwright.sync_api import sync_playwright as p
with p() as play: print(play.chromium.executable_path)'
	exit 0
fi
echo "The browser tests need Chromium: install the package chromium, or let playwright download it." >&2
exit 1
