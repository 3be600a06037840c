# serve <port>: answers each TCP connection once its sender is done. send <address> <port> <bytes>: sends zeros, waits
# for the answer, and prints the seconds that it took.
use strict;
use warnings;
use Socket;
use POSIX ();

my ($what, @arguments) = @ARGV;
# Nothing outlives the check for long.
alarm($what eq 'serve' ? 60 : 15);
socket my $socket, PF_INET, SOCK_STREAM, 0 or die "no socket: $!\n";
if ($what eq 'serve') {
	my ($port) = @arguments;
	setsockopt $socket, SOL_SOCKET, SO_REUSEADDR, 1;
	bind $socket, pack_sockaddr_in($port, INADDR_ANY) or die "cannot bind port $port: $!\n";
	listen $socket, 5;
	while (accept my $client, $socket) {
		1 while sysread $client, my $bytes, 65536;
		syswrite $client, "received\n";
		close $client;
	}
}
else {
	my ($address, $port, $bytes) = @arguments;
	my $begun = uptime();
	connect $socket, pack_sockaddr_in($port, inet_aton($address)) or die "cannot connect to $address port $port: $!\n";
	my $block = "\0" x 16384;
	for (my $left = $bytes; $left > 0;) {
		my $sent = syswrite $socket, $block, $left < 16384 ? $left : 16384;
		die "cannot send: $!\n" if !$sent;
		$left -= $sent;
	}
	shutdown $socket, 1;
	my $answer = <$socket> // '';
	die "no answer from $address port $port\n" if $answer ne "received\n";
	printf "%.2f\n", uptime() - $begun;
}

sub uptime {
	open my $file, '<', '/proc/uptime' or return time;
	return (split / /, <$file>)[0];
}
