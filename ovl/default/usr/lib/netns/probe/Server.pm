package Server;
# Answers on ports of a POD, and says which POD it is.
use strict;
use warnings;
use Errno qw(EAGAIN EINTR);
use Fcntl qw(F_SETFL O_NONBLOCK);
use Linux qw(socket_for destination SCTP);
use Loop ();
use Socket qw(:DEFAULT IPPROTO_TCP);

my $ACCEPTS = 64;
my $CHUNK = 65536;
# UDP sockets, which can lose packets.
my @datagram_sockets;
my $identity;

# Listens on a port of all addresses. Datagrams are answered from the address that they were sent to: each address has
# a socket.
sub listen_on {
	my ($protocol, $port, $addresses) = @_;
	for my $family (4, 6) {
		my $any = $family == 4 ? '0.0.0.0' : '::';
		my @own = grep { (/:/ ? 6 : 4) == $family } @{$addresses};
		if ($protocol eq 'udp') {
			datagrams($family, $_, $port) for $any, @own;
			next;
		}
		my $socket = socket_for($family, SOCK_STREAM, $protocol eq 'sctp' ? SCTP : IPPROTO_TCP)
			or die "$protocol over IPv$family: $!\n";
		setsockopt $socket, SOL_SOCKET, SO_REUSEADDR, 1;
		bind $socket, destination($family, $any, $port) or die "$protocol/$port of IPv$family: $!\n";
		listen $socket, 4096 or die "$protocol/$port of IPv$family: $!\n";
		Loop::on_read($socket, sub { accept_from($socket) });
	}
	return;
}

sub datagrams {
	my ($family, $address, $port) = @_;
	my $socket = socket_for($family, SOCK_DGRAM, 0) or die "udp over IPv$family: $!\n";
	setsockopt $socket, SOL_SOCKET, SO_REUSEADDR, 1;
	bind $socket, destination($family, $address, $port) or die "udp/$port of $address: $!\n";
	push @datagram_sockets, $socket;
	Loop::on_read($socket, sub {
		for (1 .. $ACCEPTS) {
			my $from = recv $socket, my $text, 65536, 0;
			last if !defined $from;
			next if $text !~ /^netns-probe\? (\S+)/;
			my $length = length $text;
			send $socket, "netns-probe! $1 $identity $length\n", 0, $from;
		}
	});
	return;
}

sub accept_from {
	my ($listener) = @_;
	for (1 .. $ACCEPTS) {
		accept my $client, $listener or return;
		syswrite $client, "netns-probe! $identity\n";
		my $state = { left => 0, text => '', out => 0 };
		Loop::on_read($client, sub { hear($client, $state) });
	}
	return;
}

sub hang_up {
	my ($client) = @_;
	Loop::forget($client);
	close $client;
	return;
}

# "ping…" is echoed; "bulk <bytes>", followed by that many bytes, is answered with as many.
sub hear {
	my ($client, $state) = @_;
	my $text = '';
	my $count = sysread $client, $text, $CHUNK;
	return if !defined $count && ($! == EAGAIN || $! == EINTR);
	return hang_up($client) if !$count;
	while (length $text) {
		if ($state->{left} > 0) {
			my $taken = length $text < $state->{left} ? length $text : $state->{left};
			substr $text, 0, $taken, '';
			next if ($state->{left} -= $taken) > 0;
			$state->{out} = $state->{bulk};
			Loop::on_write($client, sub { pour($client, $state) });
			next;
		}
		$state->{text} .= $text;
		$text = '';
		return hang_up($client) if length $state->{text} > $CHUNK && $state->{text} !~ /\n/;
		while ($state->{text} =~ s/^(.*)\n//) {
			my $line = $1;
			syswrite $client, "$line\n" if $line =~ /^ping/;
			next if $line !~ /^bulk (\d+)$/;
			@{$state}{qw(left bulk)} = ($1, $1);
			fcntl $client, F_SETFL, O_NONBLOCK;
			($text, $state->{text}) = ($state->{text}, '');
			last;
		}
	}
	return;
}

sub pour {
	my ($client, $state) = @_;
	my $length = $state->{out} < $CHUNK ? $state->{out} : $CHUNK;
	my $count = syswrite $client, 'b' x $length;
	if (!defined $count) { return $! == EAGAIN || $! == EINTR ? undef : hang_up($client) }
	Loop::no_write($client) if ($state->{out} -= $count) == 0;
	return;
}

sub start {
	my ($node, $pod, $addresses, @ports) = @_;
	$identity = "$node $pod";
	for my $port (@ports) { listen_on((split m{/}, $port)[0, 1], $addresses) }
	return;
}

# Datagrams lost because this server was too slow, and its longest stall in milliseconds, since the last call.
my $drops_before = 0;

sub state {
	my $drops = Linux::drops_of(@datagram_sockets);
	my $text = ($drops - $drops_before) . ' ' . int $Loop::stall;
	($drops_before, $Loop::stall) = ($drops, 0);
	return $text;
}

1;
