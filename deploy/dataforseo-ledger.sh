#!/bin/bash
# The command of an install in /opt, for /usr/local/bin: with the Node that came with the program, on the ledger of its daemon and with its settings.
# By the name that it is started under, messages tell commands as they are typed here.
daemon=/etc/dataforseo-ledger/environment

# Who names a file of settings means those alone: what is put into the environment here would go before them.
config=${LEDGER_CONFIG:-}
for argument in "$@"; do
  if [[ $argument == --config || $argument == --config=* ]]; then config=$argument; fi
done

# A comment to the one and a part of the value to the other: neither the command nor the daemon shall guess.
unquoted="^[[:space:]]*[A-Za-z_]+[[:space:]]*=[[:space:]]*([^'\"#[:space:]][^#]*)?#"
if [[ -z $config ]] && grep -Eqs "$unquoted" "$daemon"; then
  echo "$daemon: put a value that holds a # into quotes." >&2
  exit 2
fi

from=()
if [[ -z $config ]]; then
  # Node reads it, runs nothing of it, and leaves what the shell has set as it is.
  if [[ -r $daemon ]]; then from=(--env-file="$daemon"); fi
  if ! grep -qs '^[[:space:]]*LEDGER_DATABASE[[:space:]]*=' "$daemon"; then
    export LEDGER_DATABASE=${LEDGER_DATABASE:-/var/lib/dataforseo-ledger/ledger.db}
  fi
fi
exec -a dataforseo-ledger /opt/dataforseo-ledger/node_modules/.bin/node "${from[@]}" /opt/dataforseo-ledger/dist/main.js "$@"
