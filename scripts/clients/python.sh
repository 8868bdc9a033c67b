#!/usr/bin/env bash
# npm run clients:python: generates a Python client from openapi/openapi.json, checks its types, and runs the journeys
# with it and with OpenAI's SDK against a server on the tiny model. Needs Python 3.11 and PyPI; a development check.
set -euo pipefail
cd "$(dirname "$0")/../.."

work=$(mktemp -d)
server=
cleanup() {
  exec 3>&- || true
  if [ -n "$server" ]; then wait "$server" || true; fi
  rm -rf "$work"
}
trap cleanup EXIT

python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet openapi-python-client==0.29.1 openai==3.57.0 mypy==2.4.1 ruff
export PATH="$work/venv/bin:$PATH"

openapi-python-client generate --path openapi/openapi.json --output-path "$work/client" --meta none --fail-on-warning
mkdir "$work/package"
mv "$work/client" "$work/package/softprompt_client"
MYPYPATH="$work/package" mypy --no-error-summary --follow-imports=silent scripts/clients/journeys.py

mkfifo "$work/stdin"
npx tsx scripts/clients/serve.ts <"$work/stdin" >"$work/url" &
server=$!
exec 3>"$work/stdin"
while [ ! -s "$work/url" ]; do sleep 0.2; kill -0 "$server"; done

PYTHONPATH="$work/package" python scripts/clients/journeys.py "$(cat "$work/url")"
