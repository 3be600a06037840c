/** Exit status of a failed program; {@link EXIT_CODES} describes each. A signal gives 128 + its number. */
export type ExitCode = 1 | 2 | 3 | 4

export const EXIT_CODES: readonly (readonly [code: string, meaning: string])[] = [
  ['0', 'passed'],
  ['1', 'a test failed, or an archive is corrupt'],
  ['2', 'wrong usage'],
  ['3', 'the environment lacks something: a package, memory, a plugin; an ovl cannot be packed'],
  ['4', 'internal error, or the infrastructure failed: a VM died, ssh was lost, results are incomplete'],
  ['130, 143', 'stopped by Ctrl-C or SIGTERM'],
]
