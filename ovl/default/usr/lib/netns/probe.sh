# shellcheck shell=sh
# Probes between PODs over TCP, UDP, SCTP and ICMP (probe/probe.pl).

need pods

cmd_probe() { # start [seconds]|run|hold|release|state|stop
	find_program perl || die "probe: perl not found"
	exec "$program" "$library/probe/probe.pl" "$NETNS" "$host" "$@"
}
