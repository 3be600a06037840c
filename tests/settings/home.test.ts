import os from 'node:os'
import path from 'node:path'
import test from 'ava'
import { readReporting } from '../../scripts/reporters/reporting.ts'
import { expandHome, findHome } from '../../scripts/settings/home.ts'
import { readPacking } from '../../scripts/settings/packing.ts'
import { readDirectories, readSettings } from '../../scripts/settings/settings.ts'

const HOME = '/home/somebody'

test('expands ~ at the beginning of a path only', t => {
  for (const [file, expected] of [
    ['~', HOME],
    ['~/x/y', `${HOME}/x/y`],
    ['./~', './~'],
    ['a~/b', 'a~/b'],
    ['/~/x', '/~/x'],
  ] as const)
    t.is(expandHome('--results', file, { HOME }), expected)
  t.throws(() => expandHome('--results', '~other/x', { HOME }), {
    code: 'BAD_VALUE',
    message: '--results=~other/x: ~ is supported only for your own home directory',
  })
})

test('expands ~ in every option and variable that names a file', t => {
  const options = { __results: '~/r', __cni: '~/cni' }
  const settings = readSettings(options, { HOME, XCLUSTER_OVLPATH: '/a:~/ovl', ARCHIVE: '~/archive' })
  t.is(settings.resultsDirectory, `${HOME}/r`)
  t.is(settings.packing.cni, `${HOME}/cni`)
  t.deepEqual(settings.ovlPath, ['/a', `${HOME}/ovl`])
  t.is(settings.packing.archiveDirectories[0], `${HOME}/archive`)
  t.is(readSettings({}, { HOME, XCLUSTER_NETNS_RESULTS: '~/v' }).resultsDirectory, `${HOME}/v`)
  const { specs } = readReporting(['junit=~/j.xml,tap=-'], { HOME }, undefined, {})
  t.deepEqual(
    specs.map(({ target }) => target),
    [`${HOME}/j.xml`, '-'],
  )
})

test('treats an empty HOME as unset', t => {
  t.is(findHome({ HOME: '' }), os.userInfo().homedir)
  t.true(path.isAbsolute(readDirectories({ HOME: '' }).state))
  t.true(readPacking({}, { HOME: '' }).ipuPaths.every(place => path.isAbsolute(place)))
})
