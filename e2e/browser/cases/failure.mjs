// A developer understands a failure: sees it come, narrows the log down to it, reads what was sent and what was answered, and sends the
// same bytes by hand.

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import { assert, eventually, play, receiver } from '../stage.mjs';

/** What a shell, a header or a page could take for its own. */
const TRICKY = {
  name: `O'Reilly "& Sons" $(touch /tmp/x) \`id\` \${HOME} \\n !! %s`,
  lines: 'one\ntwo\r\nthree\ttab',
  letters: 'Zürich 東京 👩‍👩‍👧 \u202Eabc\u202C \u2028',
  numbers: [1e21, -0.1, 4503599627370497.5],
  "it's": null,
};

const shell = (command) =>
  promisify(execFile)('bash', ['-c', command], { env: { PATH: process.env.PATH, HOME: process.env.HOME, LC_ALL: 'C.UTF-8' } });

await play(async (stage) => {
  const server = await receiver((got) =>
    got.headers['x-rkt-event'] === 'lead.captured'
      ? { status: 500, headers: { 'content-type': 'text/plain', 'x-request-id': 'req-77', connection: 'close' }, body: 'KeyError: "score" in handlers/lead.py:42', after: 30 }
      : { status: 200, headers: { connection: 'close' }, body: 'thanks' },
  );
  // A path that curl would take for a pattern, and a shell for more than a word.
  const endpoint = await stage.endpoint(server.url("/hooks/{a,b}/[1-3]?who=it's&all=*"), ['*'], { description: 'CRM' });
  for (let count = 0; count < 3; count += 1) await stage.push('ticket.created', { count });
  await eventually('they arrived', () => server.requests.length === 3);

  const page = await stage.page({ at: `/endpoints/${endpoint.id}/log` });
  const table = page.getByRole('table', { name: /^Deliveries/ });
  const rows = (of) => table.getByRole('row').filter({ hasText: of });
  await eventually('what happened before is listed', async () => (await rows('ticket.created').count()) === 3);

  // It happens while somebody looks.
  await stage.push('lead.captured', TRICKY);
  await rows('lead.captured').filter({ hasText: 'Given up' }).waitFor();
  await stage.picture(page, 'log-live');

  // Filters are part of the address, and there after a reload.
  await page.getByRole('combobox', { name: 'Status' }).selectOption('Given up');
  await page.getByRole('combobox', { name: 'Event' }).selectOption('lead.captured');
  await page.getByRole('combobox', { name: 'Time' }).selectOption('Last hour');
  await eventually('only the failure is left', async () => (await rows('ticket.created').count()) === 0 && (await rows('lead.captured').count()) === 1);
  const { searchParams } = new URL(page.url());
  assert(searchParams.get('status') === 'exhausted' && searchParams.get('event') === 'lead.captured', `the filters aren't in ${page.url()}`);
  assert(Math.abs(Date.now() - 3_600_000 - Date.parse(searchParams.get('since'))) < 60_000, `the last hour doesn't begin at ${searchParams.get('since')}`);
  await page.reload();
  await rows('lead.captured').waitFor();
  assert((await rows('ticket.created').count()) === 0, 'a reload has lost the filters');
  assert((await page.getByRole('combobox', { name: 'Status' }).inputValue()) === 'exhausted', "a reload doesn't show the filter");

  // What passes no filter doesn't come; what does, does.
  await stage.push('ticket.created', { count: 3 });
  await stage.push('lead.captured', { second: true });
  await eventually('the second failure comes', async () => (await rows('lead.captured').count()) === 2);
  assert((await rows('ticket.created').count()) === 0, 'what passes no filter came');

  // The first one, all about it.
  await rows('lead.captured').last().getByRole('link').click();
  const panel = page.getByRole('article', { name: /lead\.captured/ });
  await panel.getByText(/^Given up after 3 attempts/).waitFor();
  const attempts = panel.getByRole('listitem').filter({ hasText: /^Attempt \d/ });
  assert((await attempts.count()) === 3, `${await attempts.count()} attempts are shown`);
  const last = attempts.first();
  await last.getByText('Attempt 3').waitFor();
  await last.getByText('The receiver failed while it handled the event').waitFor();
  await last.getByText('500').waitFor();
  await last.getByLabel("The beginning of the receiver's answer").getByText('KeyError: "score" in handlers/lead.py:42').waitFor();
  const wait = await last.getByRole('list', { name: 'Where the time went' }).getByText(/^Wait/).innerText();
  assert(Number(/([\d.]+) ms/.exec(wait)?.[1] ?? 1000) >= 25, `the receiver took 30 ms, and the page says ${wait}`);
  await last.getByText(/\d headers of the answer/).click();
  await last.getByText('x-request-id').waitFor();
  await last.getByText('req-77').waitFor();
  await attempts.nth(1).getByText('Attempt 2').click();
  await attempts.nth(1).getByRole('list', { name: 'Where the time went' }).getByText(/^Connect/).waitFor();
  const body = panel.getByLabel('Body', { exact: true });
  await body.getByText("O'Reilly").waitFor();
  await body.getByText('1e+21').waitFor();
  assert((await body.innerText()).includes('\\u202e'), "a character that can't be seen hides in the body");
  await stage.picture(page, 'delivery-failed');
  await page.reload();
  await panel.getByText(/^Given up after 3 attempts/).waitFor();
  await stage.assertAccessible(page, 'a delivery that failed');

  // The same bytes, by hand.
  const sent = server.requests.find((got) => got.body.includes('Reilly'));
  const before = server.requests.length;
  await panel.getByRole('button', { name: 'Copy as curl' }).click();
  await panel.getByText('Copied').waitFor();
  const command = await page.evaluate(() => navigator.clipboard.readText());
  const { stdout } = await shell(command);
  const copy = server.requests[before];
  assert(copy, 'the command sent nothing');
  assert(copy.method === 'POST' && copy.path === sent.path, `it was ${copy.method} ${copy.path} instead of ${sent.path}`);
  assert(copy.bytes.equals(sent.bytes), `sent ${sent.bytes.toString('hex')}\ncopy ${copy.bytes.toString('hex')}`);
  for (const name of ['content-type', 'webhook-id', 'x-rkt-event', 'x-rkt-delivery']) {
    assert(copy.headers[name] === sent.headers[name], `${name} was ${copy.headers[name]} instead of ${sent.headers[name]}`);
  }
  assert(stdout.includes('KeyError'), `the answer isn't shown by the command: ${stdout}`);
  await panel.getByRole('button', { name: 'Copy body' }).click();
  await eventually('the body is copied', async () => (await page.evaluate(() => navigator.clipboard.readText())) === sent.body);
});
