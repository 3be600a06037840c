# shellcheck shell=sh
# What the host must know of this node to call CNI plugins itself, and the files of attachments.

need cni

# Prints the directory that contains the plugins, this node's POD networks, and a line "<exit status> <answer>" for the
# VERSION of each plugin.
cmd_cni_node() { # <plugin…>
	local plugin answer status
	find_plugins "$@"
	cni_subnets
	echo "$plugins $subnet4 $subnet6"
	set -f
	for plugin; do
		status=0
		answer=$(CNI_COMMAND=VERSION "$plugins/$plugin" </dev/null) || status=$?
		# In one line.
		# shellcheck disable=SC2086
		echo "$status" $answer
	done
	set +f
}

# Creates the PODs. Prints the directory of the plugin, "<pod> <interface> <state>" for each POD, an empty line, and the
# configuration. A POD is new, interrupted (an ADD did not succeed) or attached.
cmd_cni_pods() { # <type of plugin>
	[ $# -eq 1 ] || usage "cni_pods: the type of a plugin is needed"
	cni_pods "$1"
	echo "$plugins"
	each_pod print_attachment
	echo
	cat "$cni_config"
}

print_attachment() { # <pod>
	pod_interface "$1"
	if ! cni_touched "$1"; then
		state=new
	elif cni_attached "$1"; then
		state=attached
	else
		state=interrupted
	fi
	[ "$state" = attached ] || echo "$cni_type" >"/tmp/.$1.cni"
	echo "$1 $interface $state"
}

# Forgets attachments after DEL.
cmd_cni_forget() { # <pod…>
	local forgotten
	find_multi
	for forgotten; do
		pod_interface "$forgotten"
		cni_forget "$forgotten"
	done
}
