#!/bin/sh
# One backup into a folder, and the oldest ones out of it. Made to be run by a timer, while the controller runs.
#
#   MNARA_BACKUP_DIR    where they are kept (/var/backups/mnara)
#   MNARA_BACKUP_KEEP   how many are kept (14)
#   MNARA_BACKUP_AFTER  a program that is given the new file, to copy it elsewhere; when it fails, nothing old is removed
#   MNARA_CONTROLLER    the program (mnara-controller)
# and what the controller itself is told: DATABASE_URL with DATABASE_ADMIN_URL, or MNARA_DATA_DIR.
set -eu
umask 077
folder=${MNARA_BACKUP_DIR:-/var/backups/mnara}
keep=${MNARA_BACKUP_KEEP:-14}
mkdir -p "$folder"
file=$folder/mnara-$(date -u +%Y%m%dT%H%M%SZ).dump
"${MNARA_CONTROLLER:-mnara-controller}" db backup --to "$file"
if [ -n "${MNARA_BACKUP_AFTER:-}" ]; then
    "$MNARA_BACKUP_AFTER" "$file"
fi
# Names sort by time.
ls "$folder" | grep '^mnara-.*\.dump$' | sort -r | tail -n "+$((keep + 1))" | while read -r old; do
    rm -- "$folder/$old"
done
