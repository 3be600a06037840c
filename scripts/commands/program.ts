import { Command } from 'commander'
import type { CommandContext, CommandDefinition } from '../command-line/command.ts'
import { finishProgram, withExamples } from '../command-line/finish.ts'
import { callersEnvironment } from '../host/environment.ts'
import { capture } from './capture/command.ts'
import { clean } from './clean/command.ts'
import { completion, completionServer } from './completion/command.ts'
import { cp } from './cp/command.ts'
import { env } from './env/command.ts'
import { exec } from './exec/command.ts'
import { graph } from './graph/command.ts'
import { image } from './image/command.ts'
import { init } from './init/command.ts'
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

/** All commands, grouped and ordered as in the help. */
const GROUPS: readonly (readonly [title: string, commands: readonly CommandDefinition[]])[] = [
  ['Run tests:', [test, rerun, env]],
  ['Prepare:', [setup, image, clean, init, tar]],
  ['Inspect a running cluster:', [exec, shell, inspect, logs, capture, cp, graph, status, stop]],
  ["Run other ovls' tests:", [xctestHook, xctest]],
  ['Other:', [completion, completionServer, man]],
]

/** The program, ready to parse. */
export function makeProgram(context: CommandContext): Command {
  const program = new Command('netns.ts')
    .description(
      'Test container and VM networking: create network namespaces (PODs) on the nodes of a small cluster, ' +
        'connect them, and prove which PODs can reach each other.',
    )
    .enablePositionalOptions()
    .showSuggestionAfterError()
    .exitOverride()
  withExamples(program, [
    ['./netns.ts setup', 'install missing packages, build the guest image'],
    ['./netns.ts test bridge > bridge.log', 'four VMs, four PODs each, on Linux bridges'],
    ['./netns.ts test cni_bridge --nvm=2', 'two VMs, PODs connected by CNI plugins'],
    ['./netns.ts test start', 'start a cluster and leave it running'],
    ['./netns.ts exec vm-001 -- ip address', 'run a command on a node'],
    ['./netns.ts stop', 'stop the cluster'],
  ])
  for (const [title, commands] of GROUPS) {
    program.commandsGroup(title)
    // Subcommands inherit exitOverride only if it was set before.
    for (const { name, hidden = false, define } of commands) define(program.command(name, { hidden }), context)
  }
  return finishProgram(program, callersEnvironment)
}
