#!/usr/bin/perl
# The world of a cluster of namespaces: a user namespace and, in it, a PID and a network namespace for all nodes. The
# process that the program starts (its record is world.pid) only waits for the first process of the PID namespace; when
# either of them ends, the kernel kills all processes of the cluster. The host's interfaces, mounts and settings remain
# unchanged.
#
# The program writes two messages to file descriptor 3, the mapping of users and the nodes, and reads lines from it:
# `up <node>`, `failed <node or world> <reason>`, `ended <node> <how>`. When it closes the socket without having written
# `keep`, the cluster ends.
#
# Perl can make system calls itself: a node costs one fork, and no process for each mount.
use strict;
use warnings;
use Fcntl qw(F_SETFD FD_CLOEXEC);
use IO::Handle ();
use IO::Select ();
use POSIX ();
use Socket qw(AF_UNIX SOCK_STREAM PF_UNSPEC);

BEGIN {
	my ($directory) = $0 =~ m{^(.*)/};
	require "$directory/$_.pl" for qw(calls users node);
}

our (%CALL, %FLAG);
open my $control, '+<&=', 3 or die "world: no control socket: $!\n";
fcntl $control, F_SETFD, FD_CLOEXEC;
$control->autoflush(1);

# The number of nodes without a network namespace; whether the program has written `keep`.
my ($waiting, $kept);

sub report { print {$control} "@_\n"; return }

sub give_up {
	my ($reason) = @_;
	report 'failed', 'world', $reason;
	# The line may be lost: when the program writes to the closed socket, unread data is discarded.
	print STDERR "$reason\n";
	POSIX::_exit(1);
}

sub receive {
	my ($length) = @_;
	my $bytes = '';
	while (length $bytes < $length) {
		my $got = sysread $control, $bytes, $length - length $bytes, length $bytes;
		POSIX::_exit(0) if !$got; # the program has ended
	}
	return $bytes;
}

# Mounts the layers of the nodes' roots under names without colons and commas, which overlayfs interprets.
sub mount_layers {
	my (@layers) = @_;
	mount_on '', '/', '', $FLAG{REC} | $FLAG{PRIVATE}, '';
	mkdir 'mnt', 0700;
	mount_on 'layers', 'mnt', 'tmpfs', 0, 'mode=755';
	mkdir "mnt/$_" for qw(layers node);
	for my $number (0 .. $#layers) {
		mkdir "mnt/layers/$number";
		mount_on $layers[$number], "mnt/layers/$number", '', $FLAG{BIND}, '';
		# Fails if it would lift a restriction of the host's mount.
		try_mount '', "mnt/layers/$number", '', $FLAG{REMOUNT} | $FLAG{BIND} | $FLAG{RDONLY}, '';
	}
	return;
}

# A bridge for each net. Net 0 leads to no other node.
sub network_commands {
	my ($nodes) = @_;
	my %nets;
	my @lines;
	for my $node (@{$nodes}) {
		my $position = 0;
		for my $interface (split /\n/, $node->{identity}{interfaces}) {
			my ($net, $mac) = split / /, $interface;
			my $number = $node->{identity}{node};
			if ($net != 0 && !$nets{$net}++) {
				push @lines, "link add net$net type bridge mcast_snooping 0", "link set net$net up";
			}
			my $port = "vm$number.$net" . ($net == 0 ? '' : " master net$net");
			push @lines, "link add $port up type veth peer name eth$position address $mac netns $node->{process}";
			$position++;
		}
	}
	return join '', map { "$_\n" } @lines;
}

sub make_networks {
	my ($nodes) = @_;
	open my $ip, '|-' or do {
		chroot 'mnt/layers/0' and chdir '/' or POSIX::_exit(1);
		{ exec '/bin/ip', '-batch', '-' }
		POSIX::_exit(127);
	};
	print {$ip} network_commands $nodes;
	return if close $ip;
	# The reason may be a node that failed meanwhile.
	hear($_) for grep { IO::Select->new($_->{socket})->can_read(0) } @{$nodes};
	give_up 'ip cannot make the networks: its words are in world.stderr';
	return;
}

# Passes on a node's lines; returns false when it has ended.
sub hear {
	my ($node) = @_;
	my $got = sysread $node->{socket}, my $text, 4096;
	return 1 if !defined $got && $!{EINTR};
	return 0 if !$got;
	for my $line (split /\n/, $text) {
		my ($word, $rest) = split / /, $line, 2;
		if ($word eq 'here') {
			$waiting--;
		} else {
			report $word, $node->{name}, $rest // ();
		}
	}
	return 1;
}

# Forks a node in new namespaces. Returns its socket in the node.
sub start_node {
	my ($node) = @_;
	socketpair my $here, my $there, AF_UNIX, SOCK_STREAM, PF_UNSPEC or give_up "no socket pair: $!";
	my $namespaces = $FLAG{SIGCHLD};
	$namespaces |= $FLAG{$_} for qw(NEWNS NEWIPC NEWUTS NEWPID NEWCGROUP);
	my $process = syscall $CALL{clone}, $namespaces, 0, 0, 0, 0;
	give_up "no namespaces for $node->{name}: $!" if $process < 0;
	if ($process == 0) {
		close $here;
		return $there;
	}
	close $there;
	@{$node}{qw(process socket)} = ($process, $here);
	return;
}

sub how_ended {
	my ($status) = @_;
	my $signal = $status & 127;
	return 'exited with ' . ($status >> 8) if $signal == 0;
	my @names = split / /, do { require Config; no warnings 'once'; $Config::Config{sig_name} };
	return "was ended by SIG$names[$signal]";
}

# A message of alternating names and values.
sub receive_values { return unpack '(N/a)*', receive(unpack 'N', receive(4)) }

how_ended 1; # loads Config while the host's files are accessible
my %maps = receive_values();
pipe my $lifeline, my $held or give_up "no pipe: $!";
enter_user_namespace \%maps;
my $first = fork // give_up "cannot fork: $!";
if ($first != 0) {
	close $lifeline;
	close $control;
	waitpid $first, 0;
	POSIX::_exit($? >> 8);
}

# From here on this is process 1 of the cluster.
close $held;
syscall $CALL{prctl}, $FLAG{SET_PDEATHSIG}, $FLAG{SIGKILL}, 0, 0, 0;
$SIG{PIPE} = 'IGNORE';
my $failed = sub { give_up "@_" };
on_failure($failed);
my %world = receive_values();
my @neighbours = unpack '(N/a)*', $world{neighbours};
my @nodes = map {
	my %identity = unpack '(N/a)*', substr $_, 4;
	{ name => $identity{hostname}, identity => \%identity }
} unpack '(N/a)*', $world{nodes};
$nodes[$_]{identity}{neighbours} = $neighbours[$_] for 0 .. $#nodes;
my @layers = unpack '(N/a)*', $world{layers};
mount_layers @layers;
write_settings({ ipv6_disabled => 1 });
# Nodes get their own small tables of TCP connections: at each login dropbear reads /proc/net/tcp, for which the kernel
# would walk the host's table of 100,000 slots or more.
write_if_there('/proc/sys/net/ipv4/tcp_child_ehash_entries', 4096);
raise_loopback();
for my $node (@nodes) {
	my $there = start_node $node or next;
	close $_ for $control, $lifeline, map { $_->{socket} // () } @nodes;
	run_node($node->{identity}, $there, scalar @layers);
}
my $sources = IO::Select->new($control, $lifeline, map { $_->{socket} } @nodes);
my %by_socket = map { fileno $_->{socket} => $_ } @nodes;
($waiting, $kept) = (scalar @nodes, 0);
while (1) {
	for my $source ($sources->can_read) {
		if ($source == $lifeline) {
			POSIX::_exit(0);
		} elsif ($source == $control) {
			my $got = sysread $control, my $text, 4096;
			$kept ||= ($text // '') =~ /^keep$/m;
			next if $got || !defined $got && $!{EINTR};
			POSIX::_exit(0) if !$kept;
			$sources->remove($control);
		} else {
			my $node = $by_socket{ fileno $source };
			if (!hear $node) {
				$sources->remove($source);
				$waiting = -1 if $waiting > 0; # the program gets the failure
				waitpid $node->{process}, 0;
				report 'ended', $node->{name}, how_ended($?);
			}
			next if $waiting != 0;
			$waiting = -1;
			make_networks \@nodes;
			syswrite $_->{socket}, "connected\n" for @nodes;
		}
	}
}
