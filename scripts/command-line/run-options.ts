import { type Command, Option } from 'commander'
import { clusterOption, nameOption } from './cluster-options.ts'
import { completedBy } from './completion/source.ts'
import { addGuestOptions } from './guest-options.ts'
import { collect } from './repeated.ts'

/** Adds the options for running tests. */
export function addRunOptions(command: Command): Command {
  command
    .optionsGroup('Cluster:')
    .option('--nvm <n>', 'number of nodes with PODs, 1–200 (default: 4)')
    .option('--nrouters <n>', 'number of routers, 0–20 (default: 0)')
    .option('--ntesters <n>', 'number of testers outside the cluster, 0–20 (default: 0)')
    .option('--mem <MiB>', 'memory of each VM (default: 256); --mem3=512 for vm-003 alone')
    .option('--smp <n>', 'CPUs of each VM (default: 1); --smp3=2 for vm-003 alone')
    .addOption(clusterOption())
    .addOption(completedBy(acceleratorOption(), ['kvm', 'tcg', 'auto']))
    .option('--cold', 'boot each VM instead of restoring a snapshot')
    .option('--xterm', "open the consoles of xcluster's VMs in xterm instead of screen")
    .addOption(nameOption())
  return addGuestOptions(command)
    .optionsGroup('Run:')
    .option(
      '--timeout <seconds>',
      'limit for the start of the cluster and for each step (default: 60, more for many nodes and PODs)',
    )
    .addOption(completedBy(familyOption(), ['4', '6', 'both']))
    .option('--no-start', 'run on a running cluster')
    .option('--stop', 'stop the cluster at the end, whatever the result')
    .option('--no-stop', 'leave the cluster running, whatever the result')
    .option('--replace', 'stop a running cluster of the same name even if it is in use')
    .option('--strict', 'treat tests skipped by all as failures')
    .addOption(completedBy(ovlOption(), 'files'))
    .allowUnknownOption()
}

const acceleratorOption = () =>
  new Option(
    '--accel <kvm|tcg|auto>',
    'accelerate VMs by KVM or emulate them; auto: KVM if a guest booted with it (default: auto)',
  )

const familyOption = () =>
  new Option('--family <4|6|both>', 'address families that each POD must have and the matrix proves (default: both)')

const ovlOption = () => new Option('--ovl <directory>', 'add an ovl; repeatable').argParser(collect).default([])
