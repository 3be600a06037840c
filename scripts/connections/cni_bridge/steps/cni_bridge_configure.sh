# shellcheck shell=sh
# cni_bridge_configure: write a CNI configuration for the plugins bridge and host-local

need cni

cmd_cni_bridge_configure() {
	no_arguments cni_bridge_configure "$@"
	cni_prepare bridge host-local
	cni_configure <<-EOF
		{
		    "cniVersion": "$version",
		    "name": "xnet",
		    "type": "bridge",
		    "isDefaultGateway": true,
		    "hairpinMode": true,
		    "ipam": {
		      "type": "host-local",
		      "ranges": [
		        [ { "subnet": "$subnet4" } ],
		        [ { "subnet": "$subnet6" } ]
		      ]
		    }
		}
	EOF
}

tcase_cni_bridge_configure() {
	tcase "Setup CNI-bridge."
	cmd_cni_bridge_configure "$@"
}
