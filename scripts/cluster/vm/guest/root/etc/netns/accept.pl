#!/usr/bin/perl
# Accepts ssh connections and starts a dropbear for each one once its client has sent something. As a server, dropbear
# allows at most five connections without a login from one address, for five minutes. All connections come from the
# host's address, so six idle ones of any user would lock out everyone. Here a silent connection only costs a file
# descriptor; if there are too many, the oldest is closed.
use strict;
use warnings;
use Errno qw(EAGAIN EINTR);
use Fcntl qw(F_SETFD);
use Socket qw(:DEFAULT IPPROTO_IPV6 IPV6_V6ONLY MSG_PEEK MSG_DONTWAIT SOCK_NONBLOCK inet_pton pack_sockaddr_in6);

# The internal options of dropbear for a single connection: it is on standard input, and dropbear closes the pipe of
# this number after a login.
my @DROPBEAR = qw(/usr/sbin/dropbear -F -E -s -j -k -R -2);
my $PID_FILE = '/run/dropbear.pid';
# Limits: connections whose clients have sent nothing, connections without a login, and seconds for a login.
my ($MOST_SILENT, $MOST_UNKNOWN, $LOGIN_SECONDS) = (200, 30, 30);
# Numbers of system calls of arm64 and x86-64: see etc/netns/become.pl.
my ($SETSID, $EXIT_GROUP) = -e '/lib/ld-linux-aarch64.so.1' ? (157, 94) : (112, 231);

# The kernel reaps ended processes.
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

# By file descriptor: silent connections, and pipes of dropbears without a login. Both are numbered in order of arrival.
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

# The client has sent something, or closed the connection.
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

# Only now that it listens: etc/netns/become.pl waits for this, reading from a pipe.
if (open my $file, '>', $PID_FILE) {
	print {$file} "$$\n";
	close $file;
}
while (1) {
	my $wanted = '';
	vec($wanted, $_, 1) = 1 for map({ fileno $_ } @listeners), keys %silent, keys %unknown;
	if ((select my $readable = $wanted, undef, undef, %unknown ? 5 : undef) > 0) {
		# After a login, or when dropbear has ended.
		for (keys %unknown) { delete $unknown{$_} if vec $readable, $_, 1 }
		for (keys %silent) { hear($_) if vec $readable, $_, 1 }
		for (@listeners) { accept_from($_) if vec $readable, fileno $_, 1 }
	}
	end_dropbear($_) for grep { time - $_->{since} > $LOGIN_SECONDS } values %unknown;
	end_dropbear(first_of(values %unknown)) while keys %unknown > $MOST_UNKNOWN;
}
