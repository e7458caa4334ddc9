// A log of very many deliveries stays usable: few of its rows are in the page, however far somebody scrolls, and it says where it ends.

import { assert, eventually, play, receiver } from '../stage.mjs';

/** `LOG_LINES`, or fewer in CI than before a release. */
const MOST = Number(process.env.LOG_LINES ?? (process.env.THOROUGH ? 100_000 : 30_000));
/** To push them may take so long (ms); after that the log is as long as it is, if it has `ENOUGH`. */
const PATIENCE = 90_000;
const ENOUGH = 20_000;
const BATCH = 100;
/** So far somebody reads on (rows): 100 come with each page of the log. */
const READ = 10_000;
/** Rows of a view of 900 pixels, with those kept ready above and below. */
const FEW = 80;

await play(async (stage) => {
  const server = await receiver();
  const arrived = () => server.requests.length;
  const endpoint = await stage.endpoint(server.url(), ['lead.captured'], { description: 'Busy' });
  const began = Date.now();
  let pushed = 0;
  const pusher = async () => {
    while (pushed < MOST && (Date.now() - began < PATIENCE || pushed < ENOUGH)) {
      const from = pushed;
      pushed += BATCH;
      await stage.pushAll(Array.from({ length: BATCH }, (_, index) => ['lead.captured', { number: from + index }]));
    }
  };
  await Promise.all([pusher(), pusher(), pusher(), pusher()]);
  while (arrived() < pushed) {
    const before = arrived();
    await eventually('more arrive', () => arrived() > before);
  }
  console.log(`${pushed} deliveries in ${Date.now() - began} ms`);

  const page = await stage.page();
  await page.locator('main h1').waitFor();
  // How long the page is busy without a pause.
  await page.evaluate(() => {
    window.longest = 0;
    new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) window.longest = Math.max(window.longest, duration);
    }).observe({ type: 'longtask' });
  });
  const timed = async (what, action) => {
    const start = Date.now();
    await page.evaluate(() => (window.longest = 0));
    const value = await action();
    console.log(`${what}: ${Date.now() - start} ms, longest task ${Math.round(await page.evaluate(() => window.longest))} ms`);
    return value;
  };
  const table = page.getByRole('table', { name: /^Deliveries/ });
  const rows = table.getByRole('row');
  await page.getByRole('link', { name: 'Endpoints', exact: true }).click();
  await page.getByRole('link', { name: /Busy/ }).first().click();
  await timed('opened', async () => {
    await page.getByRole('tab', { name: 'Log' }).click();
    await rows.nth(5).waitFor();
  });
  const loaded = async () => Number(/([\d,.]+) loaded/.exec(await table.getAttribute('aria-label'))[1].replace(/\D/g, ''));
  const few = async () => {
    const count = await rows.count();
    assert(count > 5 && count < FEW, `${count} rows are in the page`);
  };
  const scroller = table.locator('xpath=..');
  const toEnd = () => scroller.evaluate((box) => box.scrollTo({ top: box.scrollHeight }));

  await timed(`read ${Math.min(READ, pushed)} rows`, async () => {
    for (let before = await loaded(); before < Math.min(READ, pushed); before = await loaded()) {
      const so = before;
      await eventually('more is loaded', async () => {
        await toEnd();
        return (await loaded()) > so;
      });
      await few();
    }
  });
  await stage.picture(page, 'long-log');

  // In the middle, back to the top, and by steps of a wheel.
  await timed('to the middle', async () => {
    await scroller.evaluate((box) => box.scrollTo({ top: box.scrollHeight / 2 }));
    await eventually('rows of the middle are there', async () => Number(await rows.nth(10).getAttribute('aria-rowindex')) > READ / 4);
    await few();
  });
  await timed('a hundred turns of the wheel', async () => {
    await scroller.hover();
    for (let turn = 0; turn < 100; turn += 1) await page.mouse.wheel(0, 600);
    await few();
  });
  await timed('to the top', async () => {
    await scroller.evaluate((box) => box.scrollTo({ top: 0 }));
    await eventually('the first row is there', async () => (await rows.nth(1).getAttribute('aria-rowindex')) === '2');
  });
  await timed('opened a delivery', async () => {
    await rows.nth(3).getByRole('link').click();
    await page.getByRole('article', { name: /lead\.captured/ }).getByText(/^Delivered/).waitFor();
  });
  await page.getByRole('button', { name: 'Close the delivery' }).click();

  // Live while so much is loaded: it appears at the top once the pointer rests.
  await page.mouse.move(5, 5);
  await timed('a new one appears', async () => {
    await stage.push('lead.captured', { number: -1 });
    const { id } = await eventually('it is logged', async () => {
      const { deliveries } = await stage.call('GET', `/api/webhooks-config/${endpoint.id}/deliveries?limit=1`);
      return arrived() > pushed && deliveries[0];
    });
    await rows.nth(1).locator(`a[href*="${id}"]`).waitFor();
  });

  // What is short enough to be read to the end says that it is the end.
  await page.goto(`${stage.url}/endpoints/${endpoint.id}/log?status=exhausted`);
  await page.getByText('Nothing matches these filters').waitFor();
  const { deliveries } = await stage.call('GET', `/api/webhooks-config/${endpoint.id}/deliveries?limit=1`);
  const since = new Date(Date.parse(deliveries[0].lastAttemptAt) - 1).toISOString();
  await page.goto(`${stage.url}/endpoints/${endpoint.id}/log?since=${since}`);
  await page.getByText(/^That is all: \d+ deliver/).waitFor();
  // Of a log that has dropped something the server says so, hours later: only its word for that is put into an answer here.
  await page.route(/\/deliveries\?/, async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, json: { ...(await response.json()), completeSince: '2026-01-02T03:04:05.000Z' } });
  });
  await page.reload();
  await page.getByText(/^The log goes back to .*2026.* What happened before is no longer kept in full\.$/).waitFor();
  await stage.picture(page, 'long-log-end');
});
