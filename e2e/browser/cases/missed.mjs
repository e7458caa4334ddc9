// A receiver was down, and works again: somebody sends what it missed once more. One, those selected, and all that match.

import { assert, eventually, play, receiver } from '../stage.mjs';

const MISSED = 320;
/** Without those sent again one by one. */
const LEFT = MISSED - 5;

await play(async (stage) => {
  let isDown = true;
  const server = await receiver(() => (isDown ? 503 : 200));
  const endpoint = await stage.endpoint(server.url(), ['*'], { description: 'Shop' });
  for (let count = 0; count < MISSED; count += 80) {
    await stage.pushAll(Array.from({ length: 80 }, (_, index) => [index % 4 === 0 ? 'ticket.created' : 'lead.captured', { number: count + index }]));
  }
  await eventually('all are given up', async () => {
    const { matching } = await stage.call('POST', `/api/webhooks-config/${endpoint.id}/replay/count`, { since: new Date(Date.now() - 3_600_000).toISOString(), undelivered: true });
    return matching === MISSED;
  });
  isDown = false;
  // A limit of its own: what is sent again takes its time, so that it can be seen and stopped.
  const limit = (rateLimit) => stage.call('PATCH', `/api/webhooks-config/${endpoint.id}`, { rateLimit });
  await limit(10);
  const before = server.requests.length;
  /** What has arrived since it works again: how often each number. */
  const arrived = () => {
    const counts = new Map();
    for (const { body } of server.requests.slice(before)) {
      const { number } = JSON.parse(body).data;
      counts.set(number, (counts.get(number) ?? 0) + 1);
    }
    return counts;
  };
  const arrives = (count) => eventually(`${count} arrive`, () => server.requests.length - before === count || Promise.reject(new Error(`${server.requests.length - before}`)));

  const page = await stage.page({ at: `/endpoints/${endpoint.id}/log?status=exhausted` });
  const table = page.getByRole('table', { name: /^Deliveries/ });
  const rows = table.getByRole('row');
  const panel = page.getByRole('article');

  // One: the new delivery is shown at once, and tells whose replay it is.
  await rows.nth(1).getByRole('link').click();
  await panel.getByText(/^Given up after 3 attempts/).waitFor();
  const original = new URL(page.url()).pathname.split('/').at(-1);
  await panel.getByRole('button', { name: 'Replay', exact: true }).click();
  await panel.getByText(/^Delivered .*, at the first attempt/).waitFor();
  await panel.getByRole('link', { name: original }).waitFor();
  await arrives(1);
  const { payload } = await stage.call('GET', `/api/webhooks-config/${endpoint.id}/deliveries/${original}`);
  assert(arrived().get(payload.data.number) === 1, 'another one was sent');
  await stage.picture(page, 'replayed-one');
  await panel.getByRole('button', { name: 'Close the delivery' }).click();

  // Those selected: the second to the fifth, the last two by the box with Shift.
  await rows.nth(2).getByRole('checkbox').check();
  await rows.nth(5).getByRole('checkbox').click({ modifiers: ['Shift'] });
  const selection = page.getByRole('group', { name: 'Selected deliveries' });
  await selection.getByText('4 selected').waitFor();
  await stage.picture(page, 'selected');
  await selection.getByRole('button', { name: 'Replay 4' }).click();
  await page.getByText('4 deliveries are sent again.').waitFor();
  await selection.waitFor({ state: 'detached' });
  await arrives(5);
  assert(arrived().size === 5, 'one was sent twice');

  // All that match since a moment: counted before anything is sent.
  await page.getByRole('button', { name: 'Replay all that match' }).click();
  const dialog = page.getByRole('dialog', { name: 'Replay all that match' });
  await dialog.getByText(`${LEFT} deliveries match.`).waitFor();
  await dialog.getByText('Of all event types').click();
  await dialog.getByRole('checkbox', { name: 'ticket.created' }).check();
  const tickets = await eventually('only tickets are counted', async () => {
    const text = await dialog.getByRole('status').innerText();
    const found = Number(/^(\d+) deliver/.exec(text)?.[1]);
    return found > MISSED / 4 - 6 && found <= MISSED / 4 && found;
  });
  await dialog.getByRole('checkbox', { name: 'ticket.created' }).uncheck();
  await dialog.getByText(`${LEFT} deliveries match.`).waitFor();
  // Nothing so far ahead: that is said, and can't be started.
  const now = await dialog.getByLabel('Ended since').inputValue();
  await dialog.getByLabel('Ended since').fill('');
  await dialog.getByText('Give the time from which on to replay.').waitFor();
  await dialog.getByLabel('Ended since').fill(now);
  await stage.picture(page, 'replay-dialog');
  await stage.assertAccessible(page, 'the form for a replay');
  await dialog.getByRole('button', { name: `Replay ${LEFT} deliveries` }).click();
  await dialog.waitFor({ state: 'detached' });

  // Seen, seen again after a reload, and stopped.
  const progress = page.getByRole('region', { name: 'Progress of the replay' });
  await progress.getByText('Replaying').waitFor();
  await progress.getByText(new RegExp(`^\\d+ of ${LEFT} made`)).waitFor();
  await page.reload();
  await progress.getByText('Replaying').waitFor();
  await progress.getByText(new RegExp(`^[1-9]\\d* of ${LEFT} made`)).waitFor();
  await stage.picture(page, 'replaying');
  await progress.getByRole('button', { name: 'Cancel the replay' }).click();
  await progress.getByText('Replay canceled: what was made goes on').waitFor();
  await page.getByText('Canceled. No more replays are made').waitFor();
  await limit(null);
  const replay = new URL(page.url()).searchParams.get('replay');
  const made = await eventually('what was made has arrived', async () => {
    const one = await stage.call('GET', `/api/webhooks-config/${endpoint.id}/replays/${replay}`);
    assert(one.state === 'canceled', `it is ${one.state}`);
    return one.succeeded === one.made && one.made;
  });
  assert(made < LEFT, 'it was made in full before it was canceled');
  await arrives(5 + made);
  await progress.getByText(`${made} delivered`).waitFor();
  await progress.getByRole('button', { name: 'Put away' }).click();
  await progress.waitFor({ state: 'detached' });

  // Started again, it sends only what is still missing: each has arrived once in the end.
  await page.getByRole('button', { name: 'Replay all that match' }).click();
  await dialog.getByRole('button', { name: `Replay ${LEFT - made} deliveries` }).click();
  await progress.getByText('Replay finished').waitFor();
  await progress.getByText(`${LEFT - made} delivered`).waitFor();
  await arrives(MISSED);
  const counts = [...arrived().values()];
  assert(counts.length === MISSED && counts.every((count) => count === 1), `${counts.length} have arrived, ${counts.filter((count) => count > 1).length} more than once`);
  await page.getByRole('button', { name: 'Replay all that match' }).click();
  await dialog.getByText('0 deliveries match.').waitFor();
  assert(await dialog.getByRole('button', { name: 'Replay', exact: true }).isDisabled(), 'nothing can be replayed');
  console.log(`canceled after ${made} of ${LEFT}; ${tickets} of them were tickets`);
});
