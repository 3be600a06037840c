#!/usr/bin/perl -w
# Executes CNI plugins, several at a time, and reports what each did. A line of input is a call:
#   <id> <after> <time limit in ms> <limit of each output in bytes> <program> <saved> <pending> <input> <environment…>
# and a line of output its end, as soon as it ends:
#   <id> <exit status> <signal> <begin and duration in µs> <problem> <stdout> <stderr> <detail>
# A call begins after the call <after> has succeeded; `-`: at once. With `<after>+`, the output of that call, which must
# be an object, and a brace complete its input. The file <saved> gets the output; <pending> exists from the beginning
# until the plugin has succeeded, with its errors. Texts are in hexadecimal, `-` when empty. Problems: none, timeout,
# flood, held (a process that outlives the plugin holds its output), exec (with the reason as the detail; for a program
# of another format also the first bytes of its file).
#
# Loading modules for constants and warnings takes an emulated VM more than 0.1 s.
use strict;

# Of linux/wait.h, asm-generic/fcntl.h and asm-generic/errno-base.h.
my $WNOHANG = 1;
my ($F_GETFL, $F_SETFL, $O_NONBLOCK) = (3, 4, 2048);
my ($EINTR, $EAGAIN) = (4, 11);

# Go programs need about 5 MiB each, and a plugin may call another.
my $KIB_PER_CALL = 8192;
# How long the output of a plugin that has ended may stay open.
my $HELD_SECONDS = 0.5;
my $HEAD = 20;

# Of an ELF file: its class and byte order, and its machine.
my ($FORMAT_AT, $MACHINE_AT) = (4, 18);
my $own_head = head_of('/proc/self/exe');
# perl-base has no Time::HiRes. The kernel's tables of system calls have these numbers, by machines of linux/elf-em.h.
my %CLOCK_GETTIME = (62 => 228, 183 => 113, 243 => 113, 40 => 263, 21 => 246, 22 => 260);
my $MONOTONIC = 1;
my $is_big_endian = substr($own_head, $FORMAT_AT + 1, 1) eq "\2";
my $machine = length $own_head < $HEAD ? 0 : unpack $is_big_endian ? 'n' : 'v', substr $own_head, $MACHINE_AT, 2;
my $clock_gettime = $CLOCK_GETTIME{$machine};

my $most = shift @ARGV || by_memory();
my $started = now();
my (@waiting, %next);
while (<STDIN>) {
	if (/^\d+ (\d+)/) { $next{$1} = $_ }
	else { push @waiting, [$_] }
}
my %running;
$| = 1;
while (@waiting || %running) {
	while (@waiting && keys %running < $most) { begin(@{shift @waiting}) }
	serve();
}

sub now {
	my $reading = "\0" x 16;
	if (defined $clock_gettime && syscall($clock_gettime, $MONOTONIC, $reading) == 0) {
		my ($whole, $nanos) = unpack 'q2', $reading;
		return $whole + $nanos / 1e9;
	}
	open my $uptime, '<', '/proc/uptime' or return time;
	return (split / /, <$uptime>)[0];
}

sub by_memory {
	my $kib = 0;
	if (open my $file, '<', '/proc/meminfo') {
		while (<$file>) { $kib = $1 if /^MemAvailable:\s+(\d+)/ }
	}
	my $fitting = int($kib / $KIB_PER_CALL);
	# select takes 1,024 descriptors, and a call has two.
	return $fitting < 1 ? 1 : $fitting > 400 ? 400 : $fitting;
}

sub text { my ($hex) = @_; return $hex eq '-' ? '' : pack 'H*', $hex }
sub hex_of { my ($text) = @_; return length $text ? unpack 'H*', $text : '-' }

sub save {
	my ($path, $text) = @_;
	open my $file, '>', $path or die "cannot write $path: $!\n";
	print $file $text;
	close $file or die "cannot write $path: $!\n";
	return;
}

sub begin {
	my ($line, $previous) = @_;
	chomp $line;
	my ($id, $after, $limit, $bytes, @texts) = split / /, $line;
	my ($program, $saved, $pending, $input, @environment) = map { text($_) } @texts;
	$input .= $previous . '}' if $after =~ /\+$/;
	save($_, '') for grep { length } $pending, $saved;
	open my $stdin, '+>', undef or die "no temporary file: $!\n";
	syswrite $stdin, $input;
	sysseek $stdin, 0, 0;
	pipe my $stdout, my $stdout_end or die "no pipe: $!\n";
	pipe my $stderr, my $stderr_end or die "no pipe: $!\n";
	pipe my $failure, my $failure_end or die "no pipe: $!\n";
	my $begun = now();
	my $pid = fork // die "cannot fork: $!\n";
	if ($pid == 0) {
		setpgrp(0, 0);
		open STDIN, '<&', $stdin;
		open STDOUT, '>&', $stdout_end;
		open STDERR, '>&', $stderr_end;
		chdir '/';
		%ENV = map { /^([^=]*)=(.*)/s ? ($1, $2) : () } @environment;
		# Before exec, which would give a file of another format to the shell.
		if (!can_run($program)) { syswrite $failure_end, 'format Exec format error' }
		else {
			local $^W = 0;
			exec { $program } $program or syswrite $failure_end, "$!";
		}
		exit 127;
	}
	close $_ for $stdout_end, $stderr_end, $failure_end, $stdin;
	# Until the program is executed, when the kernel closes it.
	my $why = '';
	sysread $failure, $why, 500;
	my $call = {
		id => $id, pid => $pid, begun => $begun, until => $begun + $limit / 1000, bytes => $bytes, problem => 'none',
		text => ['', ''], pipes => [$stdout, $stderr], detail => '', saved => $saved, pending => $pending,
	};
	if (length $why) {
		my $head = $why =~ s/^format // ? head_of($program) : '';
		@$call{qw(problem detail)} = ('exec', $why . "\0" . $head);
	}
	for my $pipe ($stdout, $stderr) {
		fcntl $pipe, $F_SETFL, fcntl($pipe, $F_GETFL, 0) | $O_NONBLOCK;
	}
	$running{$id} = $call;
	return;
}

# Whether a file, if it can be read, is a script or a program of this processor.
sub can_run {
	my ($program) = @_;
	my $head = head_of($program);
	return 1 if !length $head || $head =~ /^#!/;
	return 0 if length $head < $HEAD || $head !~ /^\x7fELF/;
	return !grep { substr($head, $_, 2) ne substr($own_head, $_, 2) } $FORMAT_AT, $MACHINE_AT;
}

sub head_of {
	my ($program) = @_;
	open my $file, '<', $program or return '';
	my $head = '';
	read $file, $head, $HEAD;
	return $head;
}

sub serve {
	my $bits = '';
	my $now = now();
	my $wait = 0.5;
	for my $call (values %running) {
		vec($bits, fileno $_, 1) = 1 for grep { defined } @{$call->{pipes}};
		my $left = ($call->{closing} // $call->{until}) - $now;
		$wait = $left if $left < $wait;
		# Its outputs are closed, and it has not ended.
		$wait = 0.002 if !grep { defined } @{$call->{pipes}};
		# It has ended, or may end, with its outputs open.
		$wait = 0.02 if $wait > 0.02 && !$call->{closing};
	}
	$wait = 0 if $wait < 0;
	my $ready = $bits;
	select $ready, undef, undef, $wait;
	for my $call (values %running) {
		for my $index (0, 1) {
			my $pipe = $call->{pipes}[$index];
			receive($call, $index, $pipe) if defined $pipe && vec $ready, fileno $pipe, 1;
		}
		attend($call);
	}
	return;
}

sub receive {
	my ($call, $index, $pipe) = @_;
	my $bytes = '';
	my $count = sysread $pipe, $bytes, 65536;
	return 0 if !defined $count && ($! == $EAGAIN || $! == $EINTR);
	if (!$count) {
		close $pipe;
		$call->{pipes}[$index] = undef;
		return 1;
	}
	my $room = $call->{bytes} - length $call->{text}[$index];
	$call->{text}[$index] .= substr $bytes, 0, $room if $room > 0;
	stop($call, 'flood') if $count > $room;
	return 1;
}

# Reads what there is; returns whether the output has ended.
sub drain {
	my ($call, $index) = @_;
	while (defined(my $pipe = $call->{pipes}[$index])) {
		return 0 if $call->{problem} eq 'flood' || !receive($call, $index, $pipe);
	}
	return 1;
}

# With the processes that it started.
sub stop {
	my ($call, $problem) = @_;
	return if $call->{problem} ne 'none';
	$call->{problem} = $problem;
	kill KILL => -$call->{pid};
	return;
}

sub attend {
	my ($call) = @_;
	my $now = now();
	if (!defined $call->{status} && waitpid($call->{pid}, $WNOHANG) == $call->{pid}) {
		@$call{qw(status ended closing)} = ($?, $now, $now + $HELD_SECONDS);
	}
	if (!defined $call->{status}) {
		stop($call, 'timeout') if $now > $call->{until};
		return;
	}
	my $is_open = grep { defined } @{$call->{pipes}};
	return if $is_open && $now < $call->{closing};
	# What it has written may not be read yet.
	stop($call, 'held') if grep { defined $call->{pipes}[$_] && !drain($call, $_) } 0, 1;
	finish($call);
	return;
}

sub finish {
	my ($call) = @_;
	my ($status, $signal) = ($call->{status} >> 8, $call->{status} & 127);
	save($call->{saved}, $call->{text}[0]) if length $call->{saved};
	if (length $call->{pending}) {
		if ($call->{status} == 0 && $call->{problem} eq 'none') { unlink $call->{pending} }
		else { save($call->{pending}, $call->{text}[1]) }
	}
	my @micros = map { int($_ * 1e6) } $call->{begun} - $started, $call->{ended} - $call->{begun};
	my @hex = map { hex_of($_) } @{$call->{text}}, $call->{detail};
	print join(' ', $call->{id}, $status, $signal, @micros, $call->{problem}, @hex), "\n";
	delete $running{$call->{id}};
	my $next = delete $next{$call->{id}};
	return if !defined $next || $call->{status} != 0 || $call->{problem} ne 'none';
	return if $next =~ /^\d+ \d+\+/ && $call->{text}[0] !~ /^\s*\{.*\}\s*$/s;
	# Later: to begin one takes time, in which others could seem to hold their output.
	unshift @waiting, [$next, $call->{text}[0]];
	return;
}
