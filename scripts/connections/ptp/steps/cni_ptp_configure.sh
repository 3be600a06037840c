# shellcheck shell=sh
# cni_ptp_configure: write a CNI configuration for the plugins ptp and host-local

need cni

tcase_cni_ptp_configure() {
	no_arguments tcase_cni_ptp_configure "$@"
	tcase "Configure the CNI plugin ptp"
	cni_prepare ptp host-local
	# Every ADD of ptp turns it on. Where several do so at once, and another namespace holds the kernel's rtnl lock meanwhile, Linux can
	# take the value for written without telling the interfaces (devinet_sysctl_forward restores and writes it without a lock).
	echo 1 >/proc/sys/net/ipv4/ip_forward
	cni_configure <<-EOF
		{
		    "cniVersion": "$version",
		    "name": "xptp",
		    "type": "ptp",
		    "ipam": {
		      "type": "host-local",
		      "ranges": [
		        [ { "subnet": "$subnet4" } ],
		        [ { "subnet": "$subnet6" } ]
		      ],
		      "routes": [ { "dst": "0.0.0.0/0" }, { "dst": "::/0" } ]
		    }
		}
	EOF
}
