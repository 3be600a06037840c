import type { TestTemplate } from '../cases/definition.ts'
import { usageFailure } from '../errors/failure.ts'
import { suggest } from '../errors/suggest.ts'
import type { FoundFiles } from './find.ts'
import { readTests } from './read.ts'

/**
 * Reads the tests of files, with the ovl that brings them.
 * @throws Failure BAD_TEST, NO_SUCH_TEST (exit 2)
 */
export async function loadTests({ files, ovl, name }: FoundFiles): Promise<readonly TestTemplate[]> {
  const read = await Promise.all(files.map(file => readTests(file, ovl ? `${ovl.name}/` : '')))
  const all = read.flat().map(template => ({
    ...template,
    definition: { ...template.definition, ...(ovl && { ovl }) },
  }))
  if (name === undefined) return all
  const named = all.filter(template => template.name === name)
  if (named.length > 0) return named
  const names = all.map(template => template.name)
  throw usageFailure('NO_SUCH_TEST', `no test is named '${name}'`, {
    hint: suggest(name, names, `tests of the ovl are ${names.join(', ')}`),
  })
}
