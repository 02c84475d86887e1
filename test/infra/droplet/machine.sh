#!/bin/sh
# Runs a script on a machine of its own that is this one, copied: machine.sh UPPER PROJECT SCRIPT
#
# To be started in new namespaces of mounts, network and processes. What the script changes lands in UPPER and nowhere else.
# systemd is played by systemctl.sh, which starts the real servers; packages that this machine lacks are taken as installed by a
# stand-in of apt-get, which writes down their names.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
upper=$1
project=$2
script=$3

mount -t tmpfs none "$upper"
mkdir "$upper/files" "$upper/work" "$upper/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$upper/files,workdir=$upper/work" "$upper/root"
cd "$upper/root"
mount -t proc proc proc
mount --rbind /dev dev
mount -t tmpfs none run
mount -t tmpfs none tmp
mkdir -p run/postgresql run/redis run/stand-in tmp/project
chmod 1777 tmp
chown postgres run/postgresql
mount --bind "$project" tmp/project
ip link set lo up
ip address add 10.10.0.4/32 dev lo

# As on a machine that was never set up.
rm -rf etc/postgresql/*/main var/lib/postgresql/*/main etc/basecommerce

cp "$here/systemctl.sh" usr/local/sbin/systemctl
cat > usr/local/sbin/dpkg-query <<'END'
#!/bin/sh
for package; do :; done
grep -qx "$package" /run/stand-in/packages 2>/dev/null && { echo installed; exit; }
exec /usr/bin/dpkg-query "$@"
END
cat > usr/local/sbin/apt-get <<'END'
#!/bin/sh
case " $* " in *" install "*) for word; do echo "$word"; done | sed '1,/^install$/d' >> /run/stand-in/packages ;; esac
END
# Whatever is changed where a droplet is set up, with its modes and times.
cat > usr/local/sbin/snapshot <<'END'
#!/bin/sh
find /etc /usr/local /opt /var/lib/basecommerce* /var/backups -exec stat -c '%n %a %U %G %s %y' {} + | sort
END
# The kernel's settings belong to the real machine.
printf '#!/bin/sh\n' > usr/local/sbin/sysctl
chmod 755 usr/local/sbin/*

exec chroot . /usr/bin/env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root sh -c "$script"
