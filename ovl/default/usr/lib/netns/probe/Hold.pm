package Hold;
# Connections that stay: each sends a "ping" now and then and expects it back, until released.
use strict;
use warnings;
use Errno qw(EAGAIN EINTR EINPROGRESS);
use Linux qw(now socket_for destination error_name);
use Loop ();
use Socket qw(:DEFAULT IPPROTO_TCP);

my ($PING_MS, $BROKEN_MS, $READY_MS) = (200, 3000, 5000);
my (@connections, $ready, $ready_by);

# Lines "<index> <address> <port> <connections>"; answers when all are connected, or have failed.
sub start {
	my ($lines, $answer) = @_;
	for (@{$lines}) {
		my ($index, $address, $port, $count) = split ' ';
		for (1 .. $count) {
			my $one = { index => $index, text => '', pings => 0, heard => now, sent => 0, at => now };
			push @connections, $one;
			my $family = $address =~ /:/ ? 6 : 4;
			$one->{socket} = socket_for($family, SOCK_STREAM, IPPROTO_TCP);
			if (!$one->{socket}) { $one->{broken} = error_name($! + 0); next }
			if (!connect $one->{socket}, destination($family, $address, $port)) {
				if ($! != EINPROGRESS) { break_off($one, error_name($! + 0)); next }
			}
			Loop::on_read($one->{socket}, sub { hear($one) });
		}
	}
	($ready, $ready_by) = ($answer, now() + $READY_MS);
	return;
}

sub break_off {
	my ($one, $why) = @_;
	$one->{broken} //= $why;
	Loop::forget($one->{socket});
	close $one->{socket};
	return;
}

sub hear {
	my ($one) = @_;
	my $count = sysread $one->{socket}, my $text, 4096;
	return if !defined $count && ($! == EAGAIN || $! == EINTR);
	return break_off($one, defined $count ? 'closed' : error_name($! + 0)) if !$count;
	$one->{heard} = now;
	$one->{text} .= $text;
	while ($one->{text} =~ s/^(.*)\n//) {
		my $line = $1;
		$one->{identity} = $1 if $line =~ /^netns-probe! (\S+ \S+)$/;
		if ($line =~ /^ping/) { $one->{pings}++; $one->{waits} = 0 }
	}
	return;
}

sub tick {
	return if !@connections;
	my $now = now;
	for my $one (grep { !defined $_->{broken} } @connections) {
		if (($one->{waits} || !$one->{identity}) && $now - $one->{heard} > $BROKEN_MS) { break_off($one, 'silent'); next }
		next if !$one->{identity} || $one->{waits} || $now < $one->{at};
		@{$one}{qw(waits at heard)} = (1, $now + $PING_MS, $now);
		syswrite $one->{socket}, "ping\n" or break_off($one, error_name($! + 0));
	}
	if ($ready && ($now > $ready_by || !grep { !$_->{identity} && !defined $_->{broken} } @connections)) {
		my $answer = $ready;
		$ready = undef;
		$answer->(scalar(grep { $_->{identity} } @connections) . ' held of ' . @connections . "\nend 0\n");
	}
	return 20;
}

# Answers "<index> <node> <pod> <pings> <reason, or ->" for each connection.
sub release {
	my ($answer) = @_;
	my $text = '';
	for my $one (@connections) {
		$text .= join(' ', $one->{index}, $one->{identity} // '- -', $one->{pings}, $one->{broken} // '-') . "\n";
		break_off($one, 'over') if !defined $one->{broken};
	}
	@connections = ();
	return $answer->("${text}end 0\n");
}

1;
