# shellcheck shell=sh
# version [kind]...: print versions, and check that this node has what the commands need

need prerequisites

tcase_version() { # [kind…]
	tcase "Versions"
	uname -a
	ip -V
	echo "nodes $__nvm, PODs a node $NPODS, template $ADRTEMPLATE, prefix $PREFIX"
	cmd_prerequisites "$@"
}
