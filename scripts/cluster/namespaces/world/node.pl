# A node: mounts its root, applies its identity, and becomes its process 1, which starts an ssh server for each
# connection.
use strict;
use warnings;
use Fcntl qw(F_SETFD FD_CLOEXEC O_RDWR O_NONBLOCK O_WRONLY O_APPEND O_CREAT);
use Socket qw(AF_UNIX SOCK_STREAM pack_sockaddr_un SOMAXCONN);

our (%CALL, %FLAG);
my $DIR = 'mnt/node';
my %ENVIRONMENT =
	(HOME => '/', PATH => '/sbin:/usr/sbin:/bin:/usr/bin', SHELL => '/bin/sh', USER => 'root', TERM => 'linux');

# Writes the record of a cluster's process, while the host's /proc is accessible.
sub record_self {
	my ($name) = @_;
	my $boot = read_file '/proc/sys/kernel/random/boot_id';
	write_file "$name.pid", 077, read_file('/proc/self/stat') . $boot;
	return;
}

sub listen_as {
	my ($name) = @_;
	my $mask = umask 077;
	socket my $listener, AF_UNIX, SOCK_STREAM, 0 or fail "no socket: $!";
	bind $listener, pack_sockaddr_un("$name.sock") and listen $listener, SOMAXCONN or fail "cannot listen: $!";
	umask $mask;
	fcntl $listener, F_SETFD, FD_CLOEXEC;
	return $listener;
}

sub make_root {
	my ($identity, $layers) = @_;
	mount_on 'node', $DIR, 'tmpfs', 0, 'mode=755';
	mkdir "$DIR/$_", 0755 for qw(data work root own own/etc data/etc data/etc/dropbear);
	mkdir "$DIR/data/$_", 0755 for qw(dev proc sys run mnt var);
	mkdir "$DIR/data/root", 0700;
	mkdir "$DIR/data/root/.ssh", 0700;
	mkdir "$DIR/data/tmp";
	chmod 01777, "$DIR/data/tmp";
	my ($lower, $profile, $scripts) = ('mnt/layers/0', read_file('mnt/layers/0/etc/profile'), 0);
	# Later ovls take precedence: the first lower layer of overlayfs is the uppermost.
	for my $layer (1 .. $layers - 1) {
		my $tree = "mnt/layers/$layer";
		$lower = "$tree:$lower";
		$scripts = 1 if -d "$tree/etc/init.d";
		$profile = read_file "$tree/etc/profile" if -f "$tree/etc/profile";
		# The first ovl is netns, which is cached without files that differ between runs. Other ovls may override these
		# files.
		$lower = "$DIR/own:$lower" if $layer == 1;
	}
	write_file "$DIR/own/etc/rnd-addresses", 022, $identity->{rnd_addresses};
	my $etc = "$DIR/data/etc";
	write_file "$etc/hostname", 022, "$identity->{hostname}\n";
	write_file "$etc/hosts", 022, $identity->{hosts};
	write_file "$etc/xcluster_env", 022, $identity->{environment};
	write_file "$etc/profile", 022, $profile . $identity->{environment};
	write_file "$DIR/data/root/.ssh/authorized_keys", 077, $identity->{authorized_keys};
	write_file "$etc/dropbear/dropbear_ed25519_host_key", 077, $identity->{host_key};
	mount_on 'root', "$DIR/root", 'overlay', 0, "lowerdir=$lower,upperdir=$DIR/data,workdir=$DIR/work";
	return $scripts;
}

# /proc/sys except net belongs to the host, and root could change it.
sub mount_kernel {
	my ($root) = @_;
	my $guarded = $FLAG{NOSUID} | $FLAG{NODEV} | $FLAG{NOEXEC};
	my $read_only = $FLAG{REMOUNT} | $FLAG{BIND} | $FLAG{RDONLY};
	mount_on 'proc', "$root/proc", 'proc', $guarded, '';
	for my $file (qw(sys sysrq-trigger)) {
		next if !-e "$root/proc/$file";
		mount_on "$root/proc/$file", "$root/proc/$file", '', $FLAG{BIND}, '';
		mount_on '', "$root/proc/$file", '', $read_only | $guarded, '';
	}
	mount_on "$root/proc/sys/net", "$root/proc/sys/net", '', $FLAG{BIND}, '';
	mount_on '', "$root/proc/sys/net", '', $FLAG{REMOUNT} | $FLAG{BIND} | $guarded, '';
	mount_on 'sys', "$root/sys", 'sysfs', $guarded, '';
	try_mount 'cgroup2', "$root/sys/fs/cgroup", 'cgroup2', $guarded | $FLAG{RDONLY}, '';
	mount_on 'run', "$root/run", 'tmpfs', 0, 'mode=755';
	return;
}

sub mount_devices {
	my ($root) = @_;
	mount_on 'dev', "$root/dev", 'tmpfs', $FLAG{NOSUID}, 'mode=755';
	mkdir "$root/dev/$_", 0755 for qw(net pts shm);
	for my $device (qw(null zero full random urandom tty net/tun)) {
		next if !-e "/dev/$device";
		write_file "$root/dev/$device", 022, '';
		mount_on "/dev/$device", "$root/dev/$device", '', $FLAG{BIND}, '';
	}
	mount_on 'devpts', "$root/dev/pts", 'devpts', $FLAG{NOSUID} | $FLAG{NOEXEC}, 'newinstance,ptmxmode=0666,mode=620';
	mount_on 'shm', "$root/dev/shm", 'tmpfs', $FLAG{NOSUID} | $FLAG{NODEV}, 'mode=1777';
	my %links = (ptmx => 'pts/ptmx', fd => '/proc/self/fd', stdin => 'fd/0', stdout => 'fd/1', stderr => 'fd/2');
	symlink $links{$_}, "$root/dev/$_" for keys %links;
	# `ip netns exec` unmounts /sys and mounts a new one, which the kernel allows only while another one is mounted.
	mkdir "$root/dev/.sysfs", 0700;
	mount_on 'sys', "$root/dev/.sysfs", 'sysfs', $FLAG{NOSUID} | $FLAG{NODEV} | $FLAG{NOEXEC}, '';
	POSIX::mkfifo("$root/dev/console", 0600) or fail "no console: $!";
	return;
}

sub enter_root {
	chdir "$DIR/root" or fail "no root: $!";
	call 'cannot change the root', $CALL{pivot_root}, '.', 'mnt';
	chdir '/';
	call 'cannot let the old root go', $CALL{umount2}, '/mnt', $FLAG{DETACH};
	# An ovl may contain a directory of this name.
	if (!-l '/var/run') {
		run('/bin/busybox', 'rm', '-rf', '/var/run');
		symlink '/run', '/var/run' or fail "no /var/run: $!";
	}
	return;
}

sub run {
	system(@_) == 0 or fail "@_: ends with $?";
	return;
}

# Pipes lines into a command, unless there are none.
sub run_batch {
	my ($lines, @command) = @_;
	return if $lines eq '';
	open my $input, '|-', @command or fail "cannot run @command: $!";
	print {$input} $lines;
	close $input or fail "@command: ends with $?";
	return;
}

# Interfaces are named eth0, eth1, … in the order of the nets, as in xcluster: a tester's eth1 is on net 2.
sub configure {
	my ($identity) = @_;
	my ($inet, $inet6) = inet_sockets();
	my $position = 0;
	for my $interface (split /\n/, $identity->{interfaces}) {
		my (undef, undef, @addresses) = split / /, $interface;
		give_addresses $inet, $inet6, "eth$position", @addresses if @addresses;
		$position++;
	}
	run_batch $identity->{neighbours}, '/bin/ip', '-batch', '-';
	run_batch $identity->{routes}, '/bin/ip', '-batch', '-';
	run_batch $identity->{routes6}, '/bin/ip', '-6', '-batch', '-';
	return;
}

# As in scripts/cluster/own/consoles.ts.
my $MOST_CONSOLE_BYTES = 16 * 2**20;

# Starts an ssh server for each connection, and copies the console to its file.
sub serve {
	my ($listener, $console) = @_;
	$SIG{$_} = sub { POSIX::_exit(0) } for qw(USR1 USR2 TERM); # poweroff, halt and reboot of busybox
	$SIG{CHLD} = 'IGNORE'; # orphans leave no zombies either
	my $sources = IO::Select->new($listener, $console);
	while (1) {
		for my $source ($sources->can_read) {
			if ($source == $console) {
				sysread $console, my $text, 65_536 or next;
				syswrite STDERR, $text if (-s STDERR) < $MOST_CONSOLE_BYTES;
				next;
			}
			accept my $connection, $listener or next;
			next if fork // 1;
			$SIG{$_} = 'DEFAULT' for qw(CHLD PIPE USR1 USR2 TERM);
			POSIX::dup2(fileno $connection, 0);
			POSIX::dup2(fileno $connection, 1);
			{ exec '/usr/sbin/dropbear', '-i', '-s', '-j', '-k' }
			POSIX::_exit(127);
		}
	}
	return;
}

# Does not return.
sub run_node {
	my ($identity, $world, $layers) = @_;
	fcntl $world, F_SETFD, FD_CLOEXEC;
	my $name = $identity->{hostname};
	on_failure(sub {
		print STDERR "node: @_\n";
		syswrite $world, "failed @_\n";
		POSIX::_exit(1);
	});
	call 'no network namespace', $CALL{unshare}, $FLAG{NEWNET};
	syswrite $world, "here\n";
	sysopen my $output, "$name.console", O_WRONLY | O_APPEND | O_CREAT, 0600 or fail "no console: $!";
	POSIX::dup2(fileno $output, $_) for 1, 2;
	close $output;
	record_self $name;
	my $listener = listen_as $name;
	write_settings({ forwards => $identity->{forward} eq 'yes' });
	raise_loopback();
	call 'cannot set the hostname', $CALL{sethostname}, $name, length $name;
	my $scripts = make_root $identity, $layers;
	mount_kernel "$DIR/root";
	mount_devices "$DIR/root";
	enter_root();
	%ENV = %ENVIRONMENT;
	sysopen my $console, '/dev/console', O_RDWR | O_NONBLOCK or fail "no console: $!";
	sysread $world, my $word, 10 or POSIX::_exit(1);
	configure $identity;
	run '/etc/netns/boot' if $scripts;
	syswrite $world, "up\n";
	serve $listener, $console;
	return;
}

1;
