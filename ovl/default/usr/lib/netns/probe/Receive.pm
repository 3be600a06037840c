package Receive;
# Receives replies and errors for a POD's probes, except on connections, and records the probes that leave the POD.
use strict;
use warnings;
# Variables of Client.
no warnings 'once';
use Linux qw(now socket_for destination address_of IP_FREEBIND IPV6_FREEBIND);
use Packets ();
use Socket qw(:DEFAULT IPPROTO_IP IPPROTO_IPV6);

# Maximum number of packets to read from a socket before the next one has its turn.
my $RAW_READS = 256;

sub read_datagrams {
	my ($socket) = @_;
	for (1 .. $RAW_READS) {
		my $from = recv $socket, my $text, 65536, 0;
		return if !defined $from;
		next if $text !~ /^netns-probe! \Q$Client::nonce\E\.(\d+) (\S+) (\S+) (\d+)$/ || !$Client::tasks[$1];
		my ($task, $node, $pod) = ($Client::tasks[$1], $2, $3);
		my ($address) = address_of($from);
		push @{$task->{others}}, "$node $pod" if $task->{over} && ($task->{details}[1] // '') ne $pod;
		if ($address ne $task->{to}) { Client::finish($task, 'wrong', 'address', $node, $pod, $address); next }
		Client::finish($task, 'reply', $node, $pod, Client::took($task));
	}
	return;
}

sub read_icmp {
	my ($family, $socket) = @_;
	for (1 .. $RAW_READS) {
		my $from = recv $socket, my $packet, 2048, 0;
		return if !defined $from;
		my $seen = Packets::read_icmp($family, $packet, length $from ? (address_of($from))[0] : '') or next;
		my $echo = $Client::sequences{$seen->{sequence} // -1};
		my $is_ours = $echo && ($seen->{id} // -1) == $Client::id;
		if ($seen->{reply}) {
			next if !$is_ours;
			my $task = $echo->{task};
			if ($task->{payload} eq 'mtu') { Mtu::hear($task, $echo->{size}) if $seen->{from} eq $task->{to}; next }
			if ($seen->{from} ne $task->{to}) { Client::finish($task, 'wrong', 'address', '-', '-', $seen->{from}); next }
			Client::finish($task, 'reply', '-', '-', Client::took($task));
			next;
		}
		my $task = $seen->{protocol} eq 'icmp' ? ($is_ours ? $echo->{task} : undef)
			: $Client::at{"$seen->{protocol} $seen->{to} $seen->{port}"};
		hear_error($task, $seen) if $task && $seen->{to} eq $task->{to};
	}
	return;
}

sub hear_error {
	my ($task, $seen) = @_;
	my ($error, $from, $mtu) = @{$seen}{qw(error from mtu)};
	if ($error eq 'too-big') {
		$task->{announced} = $mtu if !$task->{announced} || $mtu < $task->{announced};
		$task->{announcer} = $from;
		if ($task->{payload} eq 'mtu') {
			# Larger packets do not pass this hop.
			$task->{most} = $mtu if $mtu > 0 && $mtu < $task->{most};
			$task->{due} = now;
			return;
		}
		# TCP and fragmented packets adapt to it.
		return if $task->{payload} ne 'size';
		return Client::finish($task, 'refused', $error, $from, $mtu);
	}
	return if $task->{connected};
	# The neighbor does not answer, or the route is a dead end.
	return Client::finish($task, 'unsent', 'EHOSTUNREACH') if $error eq 'host-unreachable' && is_own($from);
	return Client::finish($task, 'refused', $error, $from, 0);
}

# Whether this POD has an address.
sub is_own {
	my ($address) = @_;
	my $family = $address =~ /:/ ? 6 : 4;
	my $socket = socket_for($family, SOCK_DGRAM, 0) or return 0;
	# Fails for addresses of others; IP_FREEBIND allows those.
	my ($level, $option) = $family == 4 ? (IPPROTO_IP, IP_FREEBIND) : (IPPROTO_IPV6, IPV6_FREEBIND);
	setsockopt $socket, $level, $option, 0;
	return bind $socket, destination($family, $address, 0);
}

sub read_tap {
	my ($tap) = @_;
	for (1 .. $RAW_READS) {
		defined recv $tap, my $packet, 128, 0 or return;
		my $probe = Packets::read_probe($packet) or next;
		my $echo = $probe->{protocol} eq 'icmp' && $probe->{id} == $Client::id && $Client::sequences{$probe->{sequence}};
		my $task = $echo ? $echo->{task} : $Client::at{"$probe->{protocol} $probe->{to} " . ($probe->{port} // '')};
		$task->{left_pod}++ if $task;
	}
	return;
}

1;
