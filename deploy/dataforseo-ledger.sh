#!/bin/bash
# The command of an install in /opt, for /usr/local/bin: with the Node that came with the program, on the ledger of its daemon and with its settings.
# By the name that it is started under, messages tell commands as they are typed here.

# Who names a file of settings means those alone: what is put into the environment here would go before them.
config=${LEDGER_CONFIG:-}
for argument in "$@"; do
  if [[ $argument == --config || $argument == --config=* ]]; then config=$argument; fi
done

# Read as systemd reads it, for the daemon, and never run: NAME=value, in quotes or not. A value with a backslash, which may mean more, is left out.
daemon=/etc/dataforseo-ledger/environment
taken=' '
if [[ -z $config && -r $daemon ]]; then
  while IFS= read -r line || [[ -n $line ]]; do
    [[ $line =~ ^[[:space:]]*(LEDGER_[A-Z_]+|DATAFORSEO_URL|LOG_LEVEL)[[:space:]]*=[[:space:]]*([^\\]*)$ ]] || continue
    name=${BASH_REMATCH[1]} value=${BASH_REMATCH[2]}
    value=${value%"${value##*[![:space:]]}"}
    if [[ $value =~ ^\"([^\"]*)\"$ || $value =~ ^\'([^\']*)\'$ ]]; then value=${BASH_REMATCH[1]}; fi
    # What the shell sets goes first; of two lines systemd takes the later one.
    if [[ ! -v $name || $taken == *" $name "* ]]; then
      export "$name=$value"
      taken="$taken$name "
    fi
  done < "$daemon"
fi
if [[ -z $config ]]; then
  export LEDGER_DATABASE=${LEDGER_DATABASE:-/var/lib/dataforseo-ledger/ledger.db}
fi
exec -a dataforseo-ledger /opt/dataforseo-ledger/node_modules/.bin/node /opt/dataforseo-ledger/dist/main.js "$@"
