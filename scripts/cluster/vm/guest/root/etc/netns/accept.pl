#!/usr/bin/perl
# Accepts ssh connections and starts a dropbear for each one once its client has sent something. dropbear as a server of its own lets no
# more than five connections wait without a login, for five minutes, from what is one address to it: all of the host. Six idle connections
# of any user of the host would lock everybody out. Here one that is silent costs a file descriptor, and those of which there are too many
# are closed, the oldest first.
use strict;
use warnings;
use Errno qw(EAGAIN EINTR);
use Fcntl qw(F_SETFD);
use Socket qw(:DEFAULT IPPROTO_IPV6 IPV6_V6ONLY MSG_PEEK MSG_DONTWAIT SOCK_NONBLOCK inet_pton pack_sockaddr_in6);

# As dropbear runs itself for a connection: that is its input, and the pipe of this number is closed when somebody has logged in.
my @DROPBEAR = qw(/usr/sbin/dropbear -F -E -s -j -k -R -2);
my $PID_FILE = '/run/dropbear.pid';
# Connections whose clients have not said anything, and those that have not logged in yet, for how many seconds these may be there.
my ($MOST_SILENT, $MOST_UNKNOWN, $LOGIN_SECONDS) = (200, 30, 30);
# Numbers of system calls of x86-64 (Linux, arch/x86/entry/syscalls/syscall_64.tbl).
my ($SETSID, $EXIT_GROUP) = (112, 231);

# The kernel forgets processes that have ended.
$SIG{CHLD} = 'IGNORE';

sub listen_on {
	my ($family, $address) = @_;
	socket my $socket, $family, SOCK_STREAM | SOCK_NONBLOCK, 0 or return;
	setsockopt $socket, SOL_SOCKET, SO_REUSEADDR, 1;
	setsockopt $socket, IPPROTO_IPV6, IPV6_V6ONLY, 1 if $family == AF_INET6;
	bind $socket, $address and listen $socket, 128 or die "cannot listen: $!\n";
	return $socket;
}

my @listeners = grep { defined } listen_on(AF_INET, pack_sockaddr_in 22, INADDR_ANY),
	listen_on(AF_INET6, pack_sockaddr_in6 22, inet_pton AF_INET6, '::');

# By the number of their file descriptor: silent connections, and pipes of dropbears in which nobody has logged in, with their number in
# the order in which they came.
my (%silent, %unknown);
my $count = 0;

sub start_dropbear {
	my ($client) = @_;
	pipe my $pipe, my $its_pipe or return;
	my $pid = fork // return;
	if ($pid == 0) {
		$SIG{CHLD} = 'DEFAULT';
		syscall $SETSID;
		fcntl $its_pipe, F_SETFD, 0;
		open STDIN, '<&', $client and exec @DROPBEAR, fileno $its_pipe;
		syscall $EXIT_GROUP, 1;
	}
	$unknown{fileno $pipe} = { pipe => $pipe, pid => $pid, since => time, number => $count++ };
	return;
}

sub first_of { return (sort { $a->{number} <=> $b->{number} } @_)[0] }

sub accept_from {
	my ($listener) = @_;
	accept my $client, $listener or return;
	$silent{fileno $client} = { socket => $client, number => $count++ };
	return if keys %silent <= $MOST_SILENT;
	my $oldest = first_of(values %silent);
	delete $silent{fileno $oldest->{socket}};
	return;
}

# It has sent something, or is at its end.
sub hear {
	my ($number) = @_;
	my $client = $silent{$number}{socket};
	my $byte = '';
	my $is_heard = defined recv $client, $byte, 1, MSG_PEEK | MSG_DONTWAIT;
	return if !$is_heard && ($! == EAGAIN || $! == EINTR);
	delete $silent{$number};
	start_dropbear $client if length $byte;
	return;
}

sub end_dropbear {
	my ($dropbear) = @_;
	kill 'KILL', $dropbear->{pid};
	delete $unknown{fileno $dropbear->{pipe}};
	return;
}

# Not before it listens: the first one that reads the file is etc/netns/become.pl, from a pipe.
if (open my $file, '>', $PID_FILE) {
	print {$file} "$$\n";
	close $file;
}
while (1) {
	my $wanted = '';
	vec($wanted, $_, 1) = 1 for map({ fileno $_ } @listeners), keys %silent, keys %unknown;
	if ((select my $readable = $wanted, undef, undef, %unknown ? 5 : undef) > 0) {
		# Somebody has logged in, or it has ended.
		for (keys %unknown) { delete $unknown{$_} if vec $readable, $_, 1 }
		for (keys %silent) { hear($_) if vec $readable, $_, 1 }
		for (@listeners) { accept_from($_) if vec $readable, fileno $_, 1 }
	}
	end_dropbear($_) for grep { time - $_->{since} > $LOGIN_SECONDS } values %unknown;
	end_dropbear(first_of(values %unknown)) while keys %unknown > $MOST_UNKNOWN;
}
