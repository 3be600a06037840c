# The users of the world: a user namespace in which this process is root.
use strict;
use warnings;
use POSIX ();

our (%CALL, %FLAG);
sub give_up; # in world.pl

# Maps users from outside of the new namespace: the kernel refuses it from inside.
sub map_users {
	my ($process, $maps) = @_;
	for my $kind (qw(uid gid)) {
		if ($maps->{tool} eq 'yes') {
			system("new${kind}map", $process, split / /, $maps->{$kind}) == 0 or return "new${kind}map ends with " . ($? >> 8);
		} else {
			open my $file, '>', "/proc/$process/${kind}_map" or return "cannot open ${kind}_map: $!";
			syswrite $file, $maps->{$kind} or return "cannot write ${kind}_map: $!";
		}
	}
	return '';
}

sub enter_user_namespace {
	my ($maps) = @_;
	my $process = $$;
	pipe my $go, my $start or give_up "no pipe: $!";
	pipe my $done, my $tell or give_up "no pipe: $!";
	my $mapper = fork // give_up "cannot fork: $!";
	if ($mapper == 0) {
		close $start;
		sysread $go, my $byte, 1 or POSIX::_exit(1);
		syswrite $tell, map_users($process, $maps) . "\n";
		POSIX::_exit(0);
	}
	close $tell;
	my $namespaces = 0;
	$namespaces |= $FLAG{$_} for qw(NEWUSER NEWNS NEWNET NEWIPC NEWUTS NEWPID NEWCGROUP);
	syscall($CALL{unshare}, $namespaces) == 0 or give_up "no namespaces: $!";
	syswrite $start, 'g';
	my $why = <$done> // "the mapping of users was ended\n";
	waitpid $mapper, 0;
	chomp $why;
	give_up "no users in the namespace: $why" if $why ne '';
	# ssh servers change their groups, too. A user namespace that root of the host did not map may deny it.
	$! = 0;
	$( = $) = '0 0';
	give_up "no groups in the namespace: $!" if $! != 0;
	syscall($CALL{setgid}, 0) == 0 && syscall($CALL{setuid}, 0) == 0 or give_up "cannot become root in the namespace: $!";
	return;
}

1;
