#!/bin/sh
# recent_log.sh RUN_DIR LINES
exec tail -n "$2" "$1/web.log"
