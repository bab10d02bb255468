#!/bin/sh
# Brings a backup back: the file that is named, or the newest in MNARA_BACKUP_DIR. Every controller must be stopped. Settings as in backup.sh.
set -eu
folder=${MNARA_BACKUP_DIR:-/var/backups/mnara}
file=${1:-}
if [ -z "$file" ]; then
    newest=$(ls "$folder" | grep '^mnara-.*\.dump$' | sort -r | head -n 1)
    file=$folder/${newest:?there is no backup in $folder}
fi
echo "bringing back $file"
"${MNARA_CONTROLLER:-mnara-controller}" db restore --from "$file"
echo "Now start the controller. Sites come back by themselves within minutes."
