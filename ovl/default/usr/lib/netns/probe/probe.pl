#!/usr/bin/perl
# Probes between PODs over TCP, UDP, SCTP and ICMP: a process for each POD is its server and its client.
# probe.pl <directory of network namespaces> <node> <command>:
# start [seconds]: reads "<pod> <address,address…> <protocol>/<port>…" lines, starts a process for each POD, which ends
#   after this time, and returns when all listen.
# run: reads "<pod> set <option> <number>" and "<pod> probe <index> <protocol> <address> <port> <expected result>
#   <payload> <bytes>" lines, and prints "<pod> <index> <result> …" for each probe, and "<pod> end …".
# hold: reads "<pod> hold <index> <address> <port> <connections>" lines, and connects; release prints their outcomes.
# state: reads "<pod> state" lines, and prints what servers lost since the last state:
#   "<pod> end 0 <datagrams> <milliseconds>".
# stop: ends the processes.
use strict;
use warnings;
BEGIN { (my $library = __FILE__) =~ s{[^/]*$}{}; unshift @INC, $library eq '' ? '.' : $library }
use Client ();
use Errno qw(EINTR);
use Hold ();
use Linux qw(now enter_net read_file write_file);
use Loop ();
use POSIX ();
use Server ();
use Socket;

my $DIRECTORY = '/run/netns-probe';
# Lifts the rate limit of ICMP errors: a suppressed error would look like silence.
my %RATE_LIMITS = ('/proc/sys/net/ipv4/icmp_ratemask' => '0', '/proc/sys/net/ipv6/icmp/ratemask' => '0');
my %saved;

my ($namespaces, $node, $command, @arguments) = @ARGV;
my %COMMANDS = (start => \&start, run => \&run, hold => \&run, release => \&run, state => \&run, stop => \&stop);
local $SIG{PIPE} = 'IGNORE';
$COMMANDS{$command // ''} or die "probe: start, run, hold, release, state or stop\n";
eval { $COMMANDS{$command}->(@arguments); 1 } or do {
	print STDERR "probe: $@";
	exit 1;
};
exit 0;

sub read_lines {
	my %lines;
	while (my $line = <STDIN>) {
		chomp $line;
		my ($pod, $rest) = split / /, $line, 2;
		push @{$lines{$pod}}, $rest // '';
	}
	return %lines;
}

sub start {
	my ($seconds) = @_;
	my %lines = read_lines();
	stop();
	mkdir $DIRECTORY or die "$DIRECTORY: $!\n";
	pipe my $reading, my $writing or die "pipe: $!\n";
	my @pods = sort keys %lines;
	for my $pod ('', @pods) {
		my $pid = fork // die "fork: $!\n";
		next if $pid;
		close $reading;
		serve($writing, $pod, ($seconds // 600) + 0, map { split } @{$lines{$pod} // []});
	}
	close $writing;
	my %answers = map { /^(\S*) (.*)/ ? ($1 => $2) : () } <$reading>;
	for my $pod ('', @pods) {
		next if ($answers{$pod} // '') eq 'ready';
		my $why = $answers{$pod} // 'its process ended';
		stop();
		die +($pod eq '' ? $node : $pod) . ": $why\n";
	}
	print scalar @pods, " ready\n";
	return;
}

# The process of a POD; without a name, it is the one of the node, which serves nothing.
sub serve {
	my ($ready, $pod, $seconds, @words) = @_;
	my $file = "$DIRECTORY/" . ($pod eq '' ? '.node' : $pod);
	POSIX::setsid();
	open STDIN, '<', '/dev/null';
	open STDOUT, '>', '/dev/null';
	open STDERR, '>', "$file.log";
	write_file("$file.pid", "$$\n");
	my $is_over = 0;
	local $SIG{TERM} = sub { $is_over = 1 };
	my $is_ready = eval {
		if ($pod ne '') {
			enter_net("$namespaces/$pod");
			srand($$ ^ time);
			my $addresses = shift @words;
			Server::start($node, $pod, [grep { $_ ne '-' } split /,/, $addresses], @words);
			listen_for_runs("$file.sock");
		}
		$saved{$_} = read_file($_) for keys %RATE_LIMITS;
		write_file($_, "$RATE_LIMITS{$_}\n") for keys %RATE_LIMITS;
		1;
	};
	chomp(my $why = $@);
	syswrite $ready, $is_ready ? "$pod ready\n" : "$pod $why\n";
	close $ready;
	my $end = now() + $seconds * 1000;
	eval {
		while ($is_ready && !$is_over && now() < $end) {
			my ($client, $hold) = (Client::tick(), Hold::tick());
			my $wait = (sort { $a <=> $b } grep { defined } $client, $hold, 1000)[0];
			Loop::turn($wait);
		}
		1;
	} or print STDERR $@;
	for (keys %saved) { write_file($_, $saved{$_}) if defined $saved{$_} }
	POSIX::_exit(0);
}

# Executes runs one after the other; the lines of a run end with "go".
sub listen_for_runs {
	my ($file) = @_;
	socket my $listener, AF_UNIX, SOCK_STREAM, 0 or die "$file: $!\n";
	bind $listener, pack_sockaddr_un($file) and listen $listener, 8 or die "$file: $!\n";
	Loop::on_read($listener, sub {
		accept my $client, $listener or return;
		my $text = '';
		Loop::on_read($client, sub {
			my $count = sysread $client, $text, 65536, length $text;
			return if !defined $count && $! == EINTR;
			my $is_whole = $text =~ s/^go\n\z//m;
			Loop::forget($client) if !$count || $is_whole;
			take_run($client, split /\n/, $text) if $is_whole;
		});
	});
	return;
}

sub take_run {
	my ($client, @lines) = @_;
	my (%settings, %of);
	for (@lines) {
		my ($what, $rest) = split / /, $_, 2;
		if ($what eq 'set') { my ($name, $value) = split / /, $rest; $settings{$name} = $value }
		else { push @{$of{$what}}, $rest }
	}
	my $answer = sub {
		my ($text) = @_;
		while (length $text) {
			my $count = syswrite $client, $text;
			last if !defined $count && $! != EINTR;
			substr $text, 0, $count // 0, '';
		}
		close $client;
	};
	return $answer->('end 0 ' . Server::state() . "\n") if $of{state};
	return Hold::start($of{hold}, $answer) if $of{hold};
	return Hold::release($answer) if $of{release};
	return Client::start($of{probe} // [], \%settings, $answer);
}

# Passes lines on to the processes of PODs, and prints what they answer.
sub run {
	my %lines = read_lines();
	my (%answers, %sockets);
	for my $pod (keys %lines) {
		socket my $socket, AF_UNIX, SOCK_STREAM, 0 or die "$pod: $!\n";
		connect $socket, pack_sockaddr_un("$DIRECTORY/$pod.sock")
			or die "$pod: its prober does not run: $!" . log_of($pod) . "\n";
		my $text = join '', map { "$_\n" } @{$lines{$pod}}, 'go';
		while (length $text) {
			my $count = syswrite($socket, $text) // die "$pod: $!" . log_of($pod) . "\n";
			substr $text, 0, $count, '';
		}
		($sockets{$pod}, $answers{$pod}) = ($socket, '');
	}
	while (%sockets) {
		my $wanted = '';
		vec($wanted, fileno $_, 1) = 1 for values %sockets;
		next if (select my $readable = $wanted, undef, undef, undef) <= 0;
		for my $pod (keys %sockets) {
			next if !vec $readable, fileno $sockets{$pod}, 1;
			my $count = sysread $sockets{$pod}, $answers{$pod}, 65536, length $answers{$pod};
			next if $count;
			delete $sockets{$pod};
			$answers{$pod} =~ /^end .*\n\z/m or die "$pod: its prober ended" . log_of($pod) . "\n";
			print $answers{$pod} =~ s/^/$pod /gmr;
		}
	}
	return;
}

sub log_of {
	my ($pod) = @_;
	my $text = read_file("$DIRECTORY/$pod.log") // '';
	return $text eq '' ? '' : ': ' . (split /\n/, $text)[-1];
}

sub stop {
	my @pids;
	for my $file (glob "$DIRECTORY/*.pid $DIRECTORY/.node.pid") {
		my ($pid) = (read_file($file) // '') =~ /^(\d+)$/ or next;
		# Numbers are reused.
		push @pids, $pid if $pid > 1 && (read_file("/proc/$pid/cmdline") // '') =~ /probe\.pl/;
	}
	kill 'TERM', @pids;
	for (1 .. 100) {
		@pids = grep { -e "/proc/$_" && (read_file("/proc/$_/stat") // '') !~ /\) Z/ } @pids;
		last if !@pids;
		select undef, undef, undef, 0.02;
	}
	kill 'KILL', @pids;
	unlink glob "$DIRECTORY/* $DIRECTORY/.node.*";
	rmdir $DIRECTORY;
	return;
}
