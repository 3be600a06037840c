import fs from 'node:fs'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import test, { type ExecutionContext } from 'ava'
import axe from 'axe-core'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import type { Conformance } from '../../../scripts/events/conformance.ts'
import type { RunEvent } from '../../../scripts/events/events.ts'
import { tool } from '../../needs.ts'
import { conformance } from '../fixtures/conformance.ts'
import { directory, report } from './report.ts'
import { type Simulation, simulatedRun, simulatedRuns } from './simulated-run.ts'

const SMALL: Simulation = { nodes: 4, pods: 4, cut: 'vm-002-ns03' }
const LARGE: Simulation = { nodes: 100, pods: 4, cut: 'vm-042-ns03', lines: 40 }

let browser: Browser
test.before(async () => {
  browser = await chromium.launch({
    executablePath: tool('/usr/bin/chromium'),
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  })
})
test.after.always(async () => {
  await browser?.close()
})

/** Errors of a page, and requests for anything but its own file. */
interface Opened {
  readonly page: Page
  readonly complaints: string[]
}

/** Writes the report of a run and opens it from disk. */
async function open(
  t: ExecutionContext,
  events: Iterable<RunEvent>,
  { hash = '', ...options }: BrowserContextOptions & { readonly hash?: string } = {},
): Promise<Opened> {
  const file = path.join(directory(t), 'report.html')
  await report(file, events)
  t.true(fs.statSync(file).size < 5_000_000)
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options })
  t.teardown(async () => await context.close())
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('pageerror', error => complaints.push(error.message))
  page.on('console', message => {
    if (message.type() !== 'log') complaints.push(message.text())
  })
  page.on('request', request => {
    if (request.url() !== page.url() && !request.url().startsWith(pathToFileURL(file).href))
      complaints.push(request.url())
  })
  await page.goto(pathToFileURL(file).href + hash)
  return { page, complaints }
}

/** Unfolds all sections, to check their content, too. */
async function unfoldAll(page: Page): Promise<void> {
  while ((await page.locator('details:not([open])').count()) > 0) {
    await page.evaluate("for (const details of document.querySelectorAll('details:not([open])')) details.open = true")
    await page.waitForTimeout(50)
  }
}

async function violations(page: Page): Promise<readonly string[]> {
  // The page's policy allows this, but no script element.
  await page.evaluate(axe.source)
  const { violations: found } = await page.evaluate<axe.AxeResults>('axe.run()')
  return found.flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html}: ${failureSummary}`))
}

for (const [name, simulation, colorScheme] of [
  ['4 nodes, light', SMALL, 'light'],
  ['4 nodes, dark', SMALL, 'dark'],
  ['100 nodes', { ...LARGE, lines: 2 }, 'light'],
] as const) {
  test(`${name}: has no errors, requests or accessibility problems`, async t => {
    const { page, complaints } = await open(t, simulatedRun(simulation), { colorScheme })
    await page.locator('.matrix canvas').first().waitFor()
    if (simulation === SMALL) await unfoldAll(page)
    t.deepEqual(await violations(page), [])
    t.deepEqual(complaints, [])
  })
}

/** A run with results of a CNI network. */
function* conformingRun(results: Conformance): Generator<RunEvent> {
  for (const event of simulatedRun({ nodes: 2, pods: 2 })) {
    if (event.type === 'test-end') yield { at: event.at, type: 'conformance', test: event.test, conformance: results }
    yield event
  }
}

test('shows the conformance of a CNI network, with what each check sent, got and saw', async t => {
  const { page, complaints } = await open(t, conformingRun(conformance))
  const part = page.locator('#test-1-conformance')
  await part.getByText('network xnet, CNI 1.0.0, bridge (host-local): 1 passed, 1 violation of a MUST').waitFor()
  const rows = await part.locator('tbody tr').allInnerTexts()
  t.deepEqual(
    rows.map(row => row.split(/\t/).map(cell => cell.trim())),
    [
      ['passed', 'ADD succeeds', 'MUST', '2', '', 'the same'],
      [
        'violates MUST',
        'DEL twice',
        'MUST',
        '2',
        'the plugin bridge failed with code 999: <b>Link not found</b>',
        'broken, before: passed',
      ],
      ['violates SHOULD', 'DEL leaves nothing', 'SHOULD', '3', 'link veth1 is left', 'the same'],
      ['skipped', 'GC calls IPAM', 'MUST', '2', 'GC exists since version 1.1.0, this is 1.0.0', 'the same'],
    ],
  )
  await part.getByText('ADD sets the MTU: passed, now not run').waitFor()
  await part.locator('summary', { hasText: 'DEL twice' }).click()
  const call = 'DEL bridge: exit status 1 (12 ms)'
  await part.getByText(call, { exact: true }).waitFor()
  const textOf = (name: string) => part.getByRole('group', { name, exact: true }).innerText()
  t.is(await textOf(`${call}: variables`), 'CNI_COMMAND=DEL\nCNI_IFNAME=eth0')
  t.is(await textOf(`${call}: sent`), '{"name":"xnet"}')
  t.is(await textOf(`${call}: standard output`), '{"code":999,"msg":"<b>Link not found</b>"}')
  await part.locator('summary', { hasText: 'ADD succeeds' }).click()
  t.is(await textOf('network of bench-1'), 'eth0 mtu 1500\nlo')
  await unfoldAll(page)
  t.deepEqual(await violations(page), [])
  t.deepEqual(complaints, [])
})

test('shows no earlier results of a CNI network without a comparison', async t => {
  const { changes: _, ...alone } = conformance
  const { page } = await open(t, conformingRun(alone))
  const heads = await page.locator('#test-1-conformance thead th').allInnerTexts()
  t.deepEqual(heads, ['Verdict', 'Check', 'Level', 'Section', 'Finding'])
})

test('axe finds an accessibility problem', async t => {
  const { page } = await open(t, simulatedRun({ nodes: 1, pods: 2 }))
  await page.evaluate("document.querySelector('main').append(document.createElement('button'))")
  t.regex((await violations(page)).join(), /^button-name: /)
})

test('shows failures first: test, step, node and reason, with links to the rest', async t => {
  const { page } = await open(t, simulatedRun(SMALL))
  t.is(await page.locator('main > section').first().getAttribute('class'), 'failures')
  const failure = page.locator('.failure').first()
  t.regex(
    await failure.innerText(),
    /failed\s*L3.*step 6: matrix.*on 1 of 4 nodes\s*vm-002\s*vm-002-ns03 does not answer/s,
  )
  t.true(
    (await page
      .locator('h1')
      .boundingBox()
      .then(box => box?.y ?? 999)) < 100,
  )
  await failure.getByRole('link', { name: 'Evidence' }).click()
  await page.locator('#test-1-evidence summary', { hasText: 'routes' }).click()
  await page.getByText('routes of vm-002-ns03').waitFor()
})

test('shows no list of failures for a passed run', async t => {
  const { page } = await open(t, simulatedRun({ nodes: 2, pods: 2 }))
  t.regex(await page.locator('h1').innerText(), /^Passed/)
  t.is(await page.locator('.failures, .wrong').count(), 0)
})

test('searches the log by text, node and step', async t => {
  const { page } = await open(t, simulatedRun(LARGE), { hash: '#test-1-log' })
  const log = page.locator('#test-1-log')
  await log.getByText('20,000 lines in 500 steps on nodes').waitFor()
  t.is(await log.locator('.line').count(), 0)
  await log.getByRole('searchbox', { name: 'Search' }).fill('vm-077, COMMAND 39')
  await log.getByText('5 steps on nodes').waitFor()
  t.is(await log.locator('mark').count(), await log.locator('.line').count())
  t.is(await log.locator('.line').count(), 5)
  await log.getByRole('combobox', { name: 'Step' }).selectOption('2')
  await log.getByText('1 line in 1 step on a node').waitFor()
  t.is(await log.locator('.line code').innerText(), '+ ip -batch: create_with_addresses of vm-077, command 39')
  await log.getByRole('searchbox', { name: 'Search' }).fill('nowhere')
  await log.getByText('No matching lines').waitFor()
})

test('links a bar of the time line to the log of its step and node', async t => {
  const { page } = await open(t, simulatedRun(SMALL))
  const bar = page.getByRole('link', { name: /^3 linux_bridge on vm-004, passed, took .* begun at/ })
  await bar.hover()
  t.regex(await page.locator('.card').innerText(), /3 linux_bridge on vm-004/)
  await bar.click()
  const groups = page.locator('#test-1-log .group')
  await groups.first().waitFor()
  t.is(await groups.count(), 1)
  t.regex(await groups.locator('.lines').innerText(), /linux_bridge of vm-004, command 2/)
})

test('describes pairs of the matrix by pointer and keys, and goes to the wrong ones', async t => {
  const { page } = await open(t, simulatedRun(SMALL))
  const matrix = page.getByRole('application', { name: /^Matrix IPv4/ })
  const readout = page.locator('#test-1-matrix .readout')
  await matrix.focus()
  await page.keyboard.press('End')
  t.regex(
    await readout.innerText(),
    /vm-001-ns01 → vm-004-ns04 172\.16\.4\.4\s+answers\s+3 of 3 packets came back\s+round trip [\d.]+ \/ [\d.]+ \/ [\d.]+ ms/,
  )
  await page.keyboard.press('Home')
  t.regex(await readout.innerText(), /its own address/)
  await page.keyboard.press('n')
  t.regex(await readout.innerText(), /vm-001-ns01 → vm-002-ns03 172\.16\.2\.3\s+does not answer\s+0 of 6 packets/)
  await page.keyboard.press('PageDown')
  t.regex(await readout.innerText(), /vm-002-ns01 → vm-002-ns03/)
  const box = await matrix.locator('canvas').boundingBox()
  if (!box) return t.fail()
  await page.mouse.move(box.x + box.width - 5, box.y + box.height - 5)
  t.regex(await page.locator('.card').innerText(), /vm-004-ns04 172\.16\.4\.4/)
  await page.mouse.move(box.x + box.width - 35, box.y + box.height - 5)
  t.regex(await page.locator('.card').innerText(), /vm-004-ns04 → vm-004-ns03 172\.16\.4\.3\s+answers/)
  await page.keyboard.press('Escape')
  t.false(await page.locator('.card').isVisible())
  await page.getByRole('button', { name: 'Show' }).nth(1).click()
  t.regex(await readout.innerText(), /vm-001-ns01 → vm-002-ns03 1000::1:ac10:203/)
})

test('names an isolated POD before its 1596 wrong pairs', async t => {
  const { page } = await open(t, simulatedRun({ ...LARGE, lines: 1 }))
  const most = page.getByRole('table', { name: 'PODs with the most of them' })
  await most.waitFor()
  t.deepEqual(await most.locator('tbody tr').allInnerTexts(), ['vm-042-ns03\t798 of 798\t798 of 798'])
  t.regex(await page.locator('#test-1-matrix').innerText(), /1,596 wrong pairs[\s\S]*and 1,396 more/)
  // Among so many rows, the one with the failure comes first.
  t.is(await page.locator('.timeline tbody th').first().innerText(), 'vm-042')
})

test('describes boxes of the network by pointer and keys', async t => {
  const { page } = await open(t, simulatedRun(SMALL), { hash: '#test-1-network' })
  const network = page.locator('#test-1-network')
  await network.getByRole('img', { name: /^vm-002-ns03, eth0: veth, DOWN/ }).hover()
  t.regex(await page.locator('.card').innerText(), /172\.16\.2\.3\/24[\s\S]*other end: vm-002\/vm-002-ns03/)
  t.is(await network.locator('.frame').count(), 1)
  await network.getByRole('combobox', { name: 'Nodes' }).selectOption('all 4')
  t.is(await network.locator('.frame').count(), 4)
  await network.getByRole('img', { name: /^vm-001-ns01/ }).focus()
  await page.keyboard.press('ArrowRight')
  await page.keyboard.press('ArrowDown')
  t.regex((await page.evaluate<string>("document.activeElement.getAttribute('aria-label')")) ?? '', /^vm-002-ns02/)
})

test('follows the color scheme of the user', async t => {
  const ground = async (colorScheme: 'light' | 'dark') => {
    const { page } = await open(t, simulatedRun({ nodes: 1, pods: 2 }), { colorScheme })
    return await page.evaluate<string>('getComputedStyle(document.body).backgroundColor')
  }
  t.deepEqual([await ground('light'), await ground('dark')], ['rgb(244, 246, 248)', 'rgb(13, 17, 23)'])
})

test('cannot send requests to a server', async t => {
  const asked: string[] = []
  const server = http.createServer(({ url = '' }, response) => {
    asked.push(url)
    response.end()
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const { page, complaints } = await open(t, simulatedRun({ nodes: 1, pods: 2 }))
  await page.evaluate(`document.body.insertAdjacentHTML('beforeend',
    '<img src="${address}/image"><link rel="stylesheet" href="${address}/style"><iframe src="${address}/frame"></iframe>'
    + '<img src=x onerror="document.title = 1">')`)
  t.is(await page.evaluate(`fetch('${address}/fetch').catch(() => 'refused')`), 'refused')
  await page.waitForTimeout(200)
  t.deepEqual(asked, [])
  t.regex(await page.title(), /^passed: /)
  t.regex(complaints.join('\n'), /violates the following Content Security Policy/)
})

test('shows verdict and failures as text without scripts', async t => {
  const { page } = await open(t, simulatedRun(SMALL), { javaScriptEnabled: false })
  t.regex(
    await page.locator('noscript').innerText(),
    /failed[\s\S]*L3: failed[\s\S]*matrix on vm-002: vm-002-ns03 does not answer/,
  )
})

test('filters tests by name and verdict; "/" focuses the filter, and n goes to the next failure', async t => {
  const { page } = await open(t, simulatedRuns())
  const items = page.locator('nav li:visible')
  t.is(await items.count(), 3)
  await page.keyboard.press('/')
  await page.keyboard.type('l3')
  t.is(await items.count(), 1)
  t.is(
    await page
      .locator('section.test:visible h2')
      .first()
      .innerText()
      .then(text => /L3/.test(text)),
    true,
  )
  await page.getByRole('searchbox', { name: 'Name' }).fill('')
  await page.getByRole('combobox', { name: 'Verdict' }).selectOption('passed')
  t.is(await items.count(), 2)
  t.regex(await page.locator('nav output').innerText(), /2 of 3 tests/)
  await page.getByRole('button', { name: 'Next failure' }).click()
  t.true(await page.evaluate("document.activeElement.classList.contains('failure')"))
})

test('shows the network of failed nodes, and differences first in the evidence', async t => {
  const { page } = await open(t, simulatedRun(SMALL))
  const failure = page.locator('.failure').first()
  await failure.locator('summary', { hasText: 'Network' }).click()
  await failure.locator('svg .box').first().waitFor()
  t.regex((await failure.locator('.network svg').textContent()) ?? '', /vm-002/)
})

test('copies commands', async t => {
  const { page } = await open(t, simulatedRun(SMALL), { permissions: ['clipboard-read', 'clipboard-write'] })
  const command = page.locator('.commands li').first()
  const text = await command.locator('code').innerText()
  t.regex(text, /^cd .* && .*test/)
  await command.getByRole('button').click()
  await command.getByText('Copied').waitFor()
  t.is(await page.evaluate('navigator.clipboard.readText()'), text)
  await page.locator('h1').first().click()
  await command.getByRole('button').getByText('Copy', { exact: true }).waitFor()
})

test('breaks no word at a width of 400 pixels, and scrolls only tables horizontally', async t => {
  const { page } = await open(t, simulatedRun(SMALL), { viewport: { width: 400, height: 800 } })
  await page.locator('.matrix canvas').first().waitFor()
  await unfoldAll(page)
  t.true(await page.evaluate('document.documentElement.scrollWidth <= 400'))
  // A cell is as wide as its longest word, and a line of it as high as the line of another.
  // More than parts of one line, of several sizes, are from each other.
  const broken =
    await page.evaluate(`const spread = rects => Math.max(...rects.map(({ top }) => top)) - Math.min(...rects.map(({ top }) => top));
  [...document.querySelectorAll('.plain :is(th, td)')].filter(cell => {
    const range = document.createRange()
    range.selectNodeContents(cell)
    return !/\\s/.test(cell.textContent) && spread([...range.getClientRects()]) > 12
  }).map(cell => cell.textContent)`)
  t.deepEqual(broken, [])
})
