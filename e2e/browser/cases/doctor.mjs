// A server refuses our signatures: somebody pastes what it got, and sees what happened to it on the way into their code.

import { writeFile } from 'node:fs/promises';

import { assert, eventually, play, receiver } from '../stage.mjs';

const ACCEPTS = 'Your server would accept this request.';
const REJECTS = 'Your server would reject this request.';

await play(async (stage) => {
  const server = await receiver();
  const endpoint = await stage.endpoint(server.url(), ['*'], { description: 'Shop' });
  const other = await stage.endpoint(server.url('/other'), ['ticket.created']);
  await stage.push('lead.captured', { name: 'Zoë Müller', amount: 12.5, tags: ['a', 'b'] });
  const got = await eventually('it arrived', () => server.requests[0]);

  const page = await stage.page({ at: `/endpoints/${endpoint.id}/doctor` });
  const headers = page.getByRole('textbox', { name: 'Headers of the request' });
  const body = page.getByRole('textbox', { name: 'Body, exactly as your code checks it' });
  const examine = page.getByRole('button', { name: 'Examine' });
  const findings = page.getByRole('list', { name: 'What was found' });
  const line = (name) => page.locator('dl', { has: page.getByText(new RegExp(`^${name}, `)) }).locator('div').filter({ hasText: new RegExp(`^${name}, `) });
  const badges = (verdict) => page.getByRole('listitem').getByText(verdict, { exact: true });
  /** Puts it in as from the clipboard, with every byte. */
  const paste = async (field, text) => {
    await page.evaluate((written) => navigator.clipboard.writeText(written), text);
    await field.focus();
    await page.keyboard.press('Control+A');
    await page.keyboard.press('Control+V');
  };
  const examined = async (pasted) => {
    await paste(body, pasted);
    const answer = page.waitForResponse((response) => response.url().endsWith('/verify'));
    await examine.click();
    const { findings: found } = await (await answer).json();
    return found.map(({ code }) => code);
  };

  // Nothing was pasted: that is said, and nothing is asked.
  await examine.click();
  await page.getByText('Paste the headers first: at least one signature.').waitFor();

  // As the receiver got it: genuine. Headers as Node writes them, as lines, and as PHP and Ruby have them.
  const names = Object.keys(got.headers);
  const asLines = names.map((name) => `${name}: ${got.headers[name]}`).join('\r\n');
  const asCgi = `{${names.map((name) => `"HTTP_${name.toUpperCase().replaceAll('-', '_')}" => "${got.headers[name].replaceAll('"', '\\"')}"`).join(', ')}}`;
  for (const written of [JSON.stringify(got.headers), asLines, asCgi]) {
    await page.reload();
    await paste(headers, written);
    await page.getByText(`${names.length} headers are understood.`).waitFor();
    const found = await examined(got.body);
    await page.getByText(ACCEPTS).waitFor();
    await page.getByText('The body is the same, byte for byte.').waitFor();
    await page.getByRole('link', { name: 'lead.captured' }).waitFor();
    assert(found.length === 0, `a genuine request has findings: ${found}`);
    assert((await badges('Valid').count()) >= 2 && (await badges('Invalid').count()) === 0, 'a genuine signature is called invalid');
  }
  await stage.picture(page, 'doctor-valid');

  // One byte is another, after letters of two bytes.
  const index = got.body.indexOf('12.5');
  const byte = Buffer.byteLength(got.body.slice(0, index)) + 1;
  assert(byte > index + 1, 'the body has no letter of two bytes before it');
  const changed = await examined(`${got.body.slice(0, index)}72.5${got.body.slice(index + 4)}`);
  await page.getByText(REJECTS).waitFor();
  await page.getByText('The body is another one.').waitFor();
  await page.getByText(`The first difference is at byte ${byte}.`).waitFor();
  assert((await line('Sent').getByRole('mark').innerText()) === '1', 'the byte that was sent is marked');
  assert((await line('Pasted').getByRole('mark').innerText()) === '7', 'the byte that was pasted is marked');
  await findings.waitFor();
  await stage.picture(page, 'doctor-changed', { fullPage: true });
  await stage.assertAccessible(page, 'a body that differs');

  // Read as JSON and written again, as many frameworks do.
  const written = await examined(JSON.stringify(JSON.parse(got.body), null, 2));
  await page.getByText('The same JSON, but written in another way.').waitFor();
  await page.getByText('The first difference is at byte 2.').waitFor();
  await page.getByText(REJECTS).waitFor();
  assert((await line('Pasted').getByRole('mark').innerText()) === '⏎', 'the line end is marked');
  await stage.picture(page, 'doctor-json', { fullPage: true });

  // Lines of a file from Windows: the end that a field would hide.
  const ends = await examined(`${got.body}\r\n`);
  await page.getByText('Kept exactly as pasted, with its line ends (CR LF).').waitFor();
  await page.getByText(`The first difference is at byte ${Buffer.byteLength(got.body) + 1}.`).waitFor();
  assert((await line('Sent').getByRole('mark').innerText()) === 'end', 'what was sent has ended');
  assert((await line('Pasted').getByRole('mark').innerText()) === '‹CR›', 'the carriage return is shown');

  // A file is taken as it is, and what was typed is still there after one has looked elsewhere.
  await writeFile('body.json', got.bytes);
  await page.locator('input[type=file]').setInputFiles('body.json');
  await page.getByText('Kept exactly as in the file.').waitFor();
  await page.getByRole('tab', { name: 'Log' }).click();
  await page.getByRole('tab', { name: 'Signature doctor' }).click();
  await examine.click();
  await page.getByText(ACCEPTS).waitFor();

  // Another endpoint's secret. Which delivery it was is asked of this endpoint, which knows no such.
  stage.allow(/status of 404 .*\/deliveries\/dlv_/);
  await stage.push('ticket.created', { id: 1 });
  const stranger = await eventually('it arrived there', () => server.requests.find(({ path }) => path === '/other'));
  await paste(headers, JSON.stringify(stranger.headers));
  const foreign = await examined(stranger.body);
  await page.getByText(REJECTS).waitFor();
  await page.getByText('The request is of another endpoint').waitFor();
  assert((await badges('Valid').count()) === 0, `the signature of ${other.id} is called valid`);
  await stage.picture(page, 'doctor-foreign', { fullPage: true });
  console.log(`findings: one byte ${changed}; written again ${written}; line ends ${ends}; another secret ${foreign}`);
});
