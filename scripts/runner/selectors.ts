import { isCommandStep, type Step, whereOf } from '../cases/steps.ts'
import { fileOf, podsOf, type TestCase } from '../cases/test-case.ts'
import { usageFailure } from '../errors/failure.ts'
import { describeSelector, type Selectable, type Selector, select, unknownLabels } from '../settings/selectors.ts'
import type { Settings } from '../settings/settings.ts'

/**
 * Checks that each selector of a test matches a node of the planned cluster, or a POD if the test says which it
 * creates.
 * @throws Failure BAD_TEST (exit 2) naming the place in the test's file
 */
export function checkSelectors(test: TestCase, settings: Settings): void {
  const { nodes } = settings.cluster
  const pods = podsOf(test, settings, settings.addressing.podsPerNode)
  const candidates = nodes.flatMap(({ name, role }) =>
    (pods.get(name) ?? []).map(pod => ({ name: pod, node: name, role })),
  )
  for (const part of ['steps', 'cleanup'] as const) {
    for (const [index, step] of (test[part] ?? []).entries()) {
      const place = placeOf(step)
      const at = { test, path: [part, index, place] }
      const where = whereOf(step)
      if (where !== undefined) check(where, nodes, 'node', at)
      // Without a list of PODs, the cluster says which there are.
      else if (isCommandStep(step) && step.in !== undefined)
        check(step.in, test.pods ? candidates : undefined, 'POD', at)
    }
  }
}

const placeOf = (step: Step): string => (isCommandStep(step) ? (step.in === undefined ? 'on' : 'in') : 'where')

interface Place {
  readonly test: TestCase
  readonly path: readonly (string | number)[]
}

function check(
  selector: Selector,
  candidates: readonly Selectable[] | undefined,
  kind: 'node' | 'POD',
  at: Place,
): void {
  const { labels = {} } = at.test
  const [unknown] = unknownLabels(selector, labels)
  if (unknown !== undefined) {
    const names = Object.keys(labels)
    const hint = names.length > 0 ? `labels are ${names.join(', ')}` : 'the test has no labels'
    throw refused(`no label is named '${unknown}'`, hint, at)
  }
  if (!candidates || select(selector, candidates, labels).length > 0) return
  const names = candidates.slice(0, 8).map(({ name }) => name)
  const more = candidates.length > names.length ? ` and ${candidates.length - names.length} more` : ''
  const hint = names.length > 0 ? `${kind}s are ${names.join(', ')}${more}` : `there are no ${kind}s`
  throw refused(`no ${kind} matches '${describeSelector(selector)}'`, hint, at)
}

const refused = (why: string, hint: string, { test, path }: Place) => {
  const [part, index, place] = path
  return usageFailure('BAD_TEST', `${test.locate?.(path) ?? fileOf(test)}: ${part}[${index}].${place}: ${why}`, {
    hint,
  })
}
