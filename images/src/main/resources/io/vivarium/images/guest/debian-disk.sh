# debian-disk.sh TAR OVERLAY ROOT DISK SIZE: makes an ext4 file system in the file DISK, of what a tar
# archive and a folder hold. Without root, fakeroot runs this and remembers who owns what.
set -e
mkdir "$3"
tar -C "$3" --numeric-owner --exclude='./dev/*' -xf "$1"
cp -R -P --remove-destination "$2/." "$3/"
chown -R 0:0 "$3/etc/systemd" "$3/usr/local/lib/vivarium"
mke2fs -q -t ext4 -L debian -E root_owner=0:0 -d "$3" "$4" "$5"
