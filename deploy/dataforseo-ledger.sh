#!/bin/bash
# The command of an install in /opt, for /usr/local/bin: with the Node that came with the program, and on the ledger of its daemon.
# By the name that it is started under, messages tell commands as they are typed here.
export LEDGER_DATABASE=${LEDGER_DATABASE:-/var/lib/dataforseo-ledger/ledger.db}
exec -a dataforseo-ledger /opt/dataforseo-ledger/node_modules/.bin/node /opt/dataforseo-ledger/dist/main.js "$@"
