import { Command } from 'commander'
import type { CommandContext, CommandDefinition } from '../command-line/command.ts'
import { finishProgram, withExamples } from '../command-line/finish.ts'
import { callersEnvironment } from '../host/environment.ts'
import { capture } from './capture/command.ts'
import { completion, completionServer } from './completion/command.ts'
import { cp } from './cp/command.ts'
import { env } from './env/command.ts'
import { exec } from './exec/command.ts'
import { graph } from './graph/command.ts'
import { inspect } from './inspect/command.ts'
import { logs } from './logs/command.ts'
import { man } from './man/command.ts'
import { rerun } from './rerun/command.ts'
import { setup } from './setup/command.ts'
import { shell } from './shell/command.ts'
import { status } from './status/command.ts'
import { stop } from './stop/command.ts'
import { tar } from './tar/command.ts'
import { test } from './test/command.ts'
import { xctest } from './xctest/command.ts'
import { xctestHook } from './xctest-hook/command.ts'

/** All commands, in the groups and the order of the help. */
const GROUPS: readonly (readonly [title: string, commands: readonly CommandDefinition[]])[] = [
  ['Run tests:', [test, rerun, env]],
  ['Prepare:', [setup, tar]],
  ['Look around in a cluster:', [exec, shell, inspect, logs, capture, cp, graph, status, stop]],
  ['Run the tests of other ovls:', [xctestHook, xctest]],
  ['About this program:', [completion, completionServer, man]],
]

/** The program, ready to parse. */
export function makeProgram(context: CommandContext): Command {
  const program = new Command('netns.ts')
    .description('Network namespaces ("PODs") in small clusters of QEMU VMs: made, connected, addressed, and proved.')
    .enablePositionalOptions()
    .showSuggestionAfterError()
    .exitOverride()
  withExamples(program, [
    ['./netns.ts setup', "install what the host lacks, make the VMs' image"],
    ['./netns.ts test bridge > bridge.log', 'four VMs, four PODs in each, on Linux bridges'],
    ['./netns.ts test cni_bridge --nvm=2', 'the same by CNI plugins, in two VMs'],
    ['./netns.ts test start', 'a cluster to look around in:'],
    ['./netns.ts exec vm-001 -- ip address', '…a command in a VM'],
    ['./netns.ts stop', '…and its end'],
  ])
  for (const [title, commands] of GROUPS) {
    program.commandsGroup(title)
    // Subcommands inherit exitOverride only when they are made after it was set.
    for (const { name, hidden = false, define } of commands) define(program.command(name, { hidden }), context)
  }
  return finishProgram(program, callersEnvironment)
}
