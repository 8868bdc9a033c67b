#!/bin/sh
# npm run console:browser: installs Debian's Chromium, in which the tests of the console run. Needs root.
set -eu
if [ -x /usr/bin/chromium ]; then
  /usr/bin/chromium --version 2>/dev/null
  exit 0
fi
apt-get update
apt-get install --yes --no-install-recommends chromium
/usr/bin/chromium --version 2>/dev/null
