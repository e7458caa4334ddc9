// Whatever a receiver, a URL, a description, a header or an event says is shown as text: it runs nothing, loads nothing, and can't pass
// for a part of the page.

import { assert, eventually, play, receiver } from '../stage.mjs';

const SCRIPT = '"><img src=x onerror="window.attacked=1"><script>window.attacked=1</script><a href="javascript:window.attacked=1">x</a>';
/** Reads backwards, and has letters of no width. */
const SPOOF = '\u202Egnp.elbasid\u202C zero\u200Bwidth';

await play(async (stage) => {
  // No endpoint has such an id.
  stage.allow(/404 .*webhooks-config\/%22/);
  const hostile = await receiver(() => ({
    status: 500,
    headers: { 'content-type': 'text/html', 'x-attack': '<script>window.attacked=1</script>', 'set-cookie': 'a=<b>' },
    body: SCRIPT + SPOOF,
  }));
  const endpoint = await stage.endpoint(hostile.url('/%22%3E%3Cscript%3Ewindow.attacked=1%3C/script%3E?q=<script>window.attacked=1</script>'), ['*'], {
    description: `${SCRIPT.slice(0, 120)}${SPOOF}`,
  });
  await stage.call('POST', '/api/api-keys', { name: `${SCRIPT.slice(0, 60)}`, scopes: ['endpoints:read'] }).catch(() => undefined);
  await stage.push('lead.captured', { name: SCRIPT, [SCRIPT]: SPOOF, '</script>': ['\u2028', '\u0000'.replace('\0', '\u0001')] });
  const failed = await eventually('it failed', async () => {
    const list = await stage.call('GET', `/api/webhooks-config/${endpoint.id}/deliveries`);
    return list.deliveries.find((one) => one.attempts > 0);
  });
  const page = await stage.page();
  const requests = [];
  page.on('request', (request) => requests.push(request.url()));
  for (const at of ['/', '/endpoints', `/endpoints/${endpoint.id}`, `/endpoints/${endpoint.id}/log`, `/endpoints/${endpoint.id}/log/${failed.id}`, `/endpoints/${endpoint.id}/settings`, '/keys', `/endpoints?search=${encodeURIComponent(SCRIPT)}`, `/endpoints/${encodeURIComponent(SCRIPT)}`]) {
    await page.goto(stage.url + at);
    await stage.shown(page);
    const found = await page.evaluate(() => ({
      attacked: window.attacked,
      elements: document.querySelectorAll('main img, main script, main iframe, main object, main [onerror], main a[href^="javascript:"]').length,
    }));
    assert(!found.attacked, `a script ran at ${at}`);
    assert(found.elements === 0, `${found.elements} elements at ${at} that the page doesn't make`);
  }
  // What was written is there to be read.
  await page.goto(`${stage.url}/endpoints/${endpoint.id}/log/${failed.id}`);
  await page.locator(':text("window.attacked=1"):visible').first().waitFor();
  const strangers = requests.filter((url) => !url.startsWith(stage.url) && !url.startsWith(new URL('/api/', stage.url).href));
  assert(strangers.length === 0, `the page asked for ${strangers.join(', ')}`);
});
